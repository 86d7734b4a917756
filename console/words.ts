import type { Evacuation } from '../api/evacuation.ts';
import type { Waiting } from '../api/northbound/table/waiting.ts';
import type { Relocation } from '../api/resources.ts';
import { stepNames } from '../domain/steps.ts';

/** How a move looks: by its colour, and, for who does not tell colours apart, by its word. */
export type Tone = 'working' | 'waits' | 'parked' | 'back' | 'good' | 'bad';

export function toneOf({ state, outcome }: Relocation): Tone {
  switch (state) {
    case 'working':
      return 'working';
    case 'held':
    case 'paused':
      return 'waits';
    case 'parked':
      return 'parked';
    case 'rollingBack':
      return 'back';
    case 'terminated':
      return 'bad';
    case 'ended':
      break;
  }
  return outcome === 'relocated' || outcome === 'relocatedSourceKept' || outcome === 'recovered' ? 'good' : 'bad';
}

const outcomes = {
  relocated: 'relocated',
  relocatedSourceKept: 'relocated, source kept',
  rolledBack: 'rolled back',
  refused: 'refused',
  abandoned: 'abandoned',
  recovered: 'recovered',
} as const;

const states = {
  working: 'moving',
  paused: 'paused',
  held: 'held',
  parked: 'parked',
  rollingBack: 'rolling back',
  ended: 'ended',
  terminated: 'terminated',
} as const;

export function standing({ state, outcome, asked }: Relocation): string {
  if (outcome !== null) return outcomes[outcome];
  if (asked !== null) return asked === 'pause' ? 'pausing' : 'cancelling';
  return states[state];
}

/** For a person, and not for an instant or a peer. */
export const waitsForPerson = ({ state, waitingFor }: Relocation): boolean =>
  state === 'parked' ||
  state === 'paused' ||
  (state === 'held' && waitingFor?.what.startsWith('an operator') !== false);

/** Steps that are done, as a count; an ended one that went through has done them all. */
export function stepsDone(move: Relocation): number {
  if (toneOf(move) === 'good') return stepNames.length;
  return move.step === null ? 0 : stepNames.indexOf(move.step);
}

/** `counter: cloud → a1`; and which user, where it is one. */
export const wayOf = ({ request: { application, source, target, users: of } }: Relocation): string =>
  `${application}${of === '*' ? '' : `, ${of}`}: ${source} → ${target}`;

export const whose = ({ request }: Relocation): string => (request.users === '*' ? 'all users' : request.users);

export const actionWords: Readonly<Record<Waiting['actions'][number], string>> = {
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel',
  approve: 'Approve',
  retry: 'Retry',
  abandon: 'Abandon',
  recover: 'Recover',
  release: 'Release',
  scrap: 'It is gone for good',
  leave: 'Leave',
};

/** What cannot be taken back is asked twice; `recover` has a plan of its own before it. */
export const asksTwice: Partial<Record<Waiting['actions'][number], string>> = {
  cancel: 'Roll it back?',
  abandon: 'Give it up as it is?',
  release: 'Lead nobody there?',
  scrap: 'Nobody would fence it. Gone for good?',
  leave: 'End the federation?',
};

/** What lets it go on stands out; what cannot be taken back does so once it was asked. */
export const buttonOf = (action: Waiting['actions'][number], sure: boolean): string =>
  ['approve', 'resume', 'retry'].includes(action) ? 'main' : sure && asksTwice[action] !== undefined ? 'sure' : '';

/** How what waits and is no relocation looks. */
export const kindWords: Readonly<Record<Waiting['kind'], string>> = {
  relocation: 'move',
  evacuation: 'evacuation',
  anchor: 'anchor',
  follower: 'follower',
  fence: 'taken to be dead',
  federation: 'partner',
};

export const guarantees = {
  zeroLoss: 'no write is lost: the application keeps the contract',
  applicationOwn: 'the application’s own transfer (MEC 021)',
  none: 'none: the source is stopped first',
  stateless: 'there is no context to move',
} as const;

export const directions: Readonly<Record<Relocation['direction'], string>> = {
  cloudToMec: 'cloud to edge',
  hostToHost: 'host to host',
  systemToSystem: 'system to system',
  mecToCloud: 'edge to cloud',
};

export const duration = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

/** By the clock of who looks; with the day, where that is another one. */
export function timeOf(instant: string, now = new Date()): string {
  const at = new Date(instant);
  return at.toDateString() === now.toDateString() ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
}

export const users = (count: number): string => `${count} ${count === 1 ? 'user' : 'users'}`;

export const fenceWords = {
  stopped: 'Its orchestrator has ended it',
  ledAway: 'Nobody can end it; devices are led away from it',
  none: 'Neither',
} as const;

export function evacuationTone({ state, outcome, failures }: Evacuation): Tone {
  if (outcome !== null) return outcome === 'evacuated' || outcome === 'returned' ? 'good' : 'bad';
  if (state === 'paused' || state === 'cancelling') return 'waits';
  if (state === 'terminated') return 'bad';
  return failures.length > 0 ? 'parked' : 'working';
}

const evacuationOutcomes = {
  evacuated: 'empty',
  returned: 'all back',
  inPart: 'in part',
  cancelled: 'cancelled',
  deadlinePassed: 'deadline passed',
} as const;

export function evacuationWord({ state, outcome, returns }: Evacuation): string {
  if (outcome !== null) return evacuationOutcomes[outcome];
  if (state !== 'working') return state;
  return returns === null ? 'being emptied' : 'coming back';
}
