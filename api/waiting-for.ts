import type { ProcedureStatus } from '../domain/procedure.ts';
import type { WaitingFor } from './resources.ts';
import type { Pending } from './seen.ts';

/** Which run, for whoever wants to look himself. */
interface Run {
  readonly workflowId: string;
  readonly runId: string;
}

/** Somebody, or an instant: nothing is attempted. */
export type Person = (what: string, until: string | null, lastFailure: string | null) => WaitingFor;

export const personOf =
  (run: Run, since: string): Person =>
  (what, until, lastFailure) => ({ what, since, until, attempt: null, nextAt: null, lastFailure, call: callOf(run) });

/** What is attempted. `titleOf`: where whoever does it has not said what he is at. */
export const attempted = (
  run: Run,
  { since, until, attempt, nextAt, lastFailure, ...pending }: Pending,
  titleOf: string,
): WaitingFor => ({
  what: pending.sentence ?? titleOf,
  since,
  until,
  attempt,
  nextAt,
  lastFailure,
  call: callOf(run),
});

/** On the way back: what is still to be undone, and why it could not be; on the way forward: what the step failed of. */
export function parkedFor(
  { failure, left, until, abandonable, recoverable }: Extract<ProcedureStatus<string, unknown>, { state: 'parked' }>,
  person: Person,
  titleOfUndo: (undo: string) => string,
): WaitingFor {
  const instead = recoverable ? ', recover' : '';
  const may = abandonable
    ? `retry${instead}, or abandon it`
    : `retry${recoverable ? ', or recover' : ''}: it is not known yet who serves the users`;
  const [first] = left;
  if (first === undefined) return person(`an operator: ${may}`, until, `${failure.type}: ${failure.message}`);
  const undone = left.map(({ undo }) => `"${titleOfUndo(undo)}"`).join(', ');
  return person(
    `an operator, on the way back: ${may}; still to be undone: ${undone}`,
    until,
    left.map(({ type, message }) => `${type}: ${message}`).join('; '),
  );
}

/** No worker has told how it stands. */
export const silent = (run: Run, pending: Pending | undefined, shows: string, startedAt: string): WaitingFor => ({
  what: `a worker: none has answered; Temporal shows ${shows}`,
  since: pending?.since ?? startedAt,
  until: pending?.until ?? null,
  attempt: pending?.attempt ?? null,
  nextAt: pending?.nextAt ?? null,
  lastFailure: pending?.lastFailure ?? null,
  call: callOf(run),
});

const callOf = ({ workflowId, runId }: Run): string =>
  `temporal workflow describe --workflow-id ${workflowId} --run-id ${runId}`;
