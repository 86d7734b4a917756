/**
 * What is measured, by whom. Labels are words of ours or names of the configuration: never ids, users or addresses, so that
 * their number is bounded.
 */
export const metrics = {
  /** Of the API, read from Temporal's index when it is asked. */
  temporalUp: { name: 'ferry_temporal_up', help: '1: Temporal answered when it was asked last' },
  standing: { name: 'ferry_relocations', help: 'Relocations that have not ended, by what they do' },
  oldest: { name: 'ferry_relocation_oldest_seconds', help: 'How long ago the oldest of them was started' },
  waiting: { name: 'ferry_waiting', help: 'What waits for a person, by kind and in which state' },
  waitingOldest: { name: 'ferry_waiting_oldest_seconds', help: 'How long ago the oldest of them was started' },
  pollers: { name: 'ferry_pollers', help: 'Workers that asked for work within the last minute, by queue' },
  /** Of the worker in which a relocation ended. */
  ended: { name: 'ferry_relocations_ended', help: 'Relocations that have ended, by direction and outcome' },
  failed: { name: 'ferry_relocation_failures', help: 'Why relocations did not go through, by type and step' },
  leftovers: { name: 'ferry_relocation_leftovers', help: 'What was given up before it could be undone, by undo' },
  took: { name: 'ferry_relocation_seconds', help: 'From its start to its end' },
  stepTook: { name: 'ferry_relocation_step_seconds', help: 'Time in a step, all its attempts and passes together' },
  freeze: { name: 'ferry_relocation_freeze_seconds', help: "For how long writes waited, from the source's receipt" },
  /** Of the worker that did it. */
  attempts: { name: 'ferry_step_attempts_total', help: 'Attempts of steps and undos, by how they ended' },
  attemptTook: { name: 'ferry_step_attempt_seconds', help: 'One attempt of a step or an undo' },
  calls: { name: 'ferry_peer_calls_total', help: 'Calls of peers, by what was answered' },
  callTook: { name: 'ferry_peer_call_seconds', help: 'One call of a peer, its redirects included' },
} as const;

/** In seconds; from one call to a drain. */
export const buckets = {
  call: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  step: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3_600],
  freeze: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
} as const;
