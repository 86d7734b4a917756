import type { Intervals } from './intervals.ts';
import { ALL, type ClientRequest, type Entry, type Peer, type Receipt } from './messages.ts';

/** What an instance is to a user. `standby` with no `to`: it knows nobody who serves him. */
export interface Standing {
  role: 'authority' | 'standby' | 'relay';
  /** The hand-over that this goes back to; 0: none. */
  epoch: number;
  accepted: Intervals;
  address: string | null;
  /** The instance to relay to. */
  to: Peer | null;
  frozen: boolean;
}

/** What an instance remembers of a relocation, as its source, as its target, or as settled. */
export type Relocation = Promised | HandedOver | Kept | Receiving | Received | Superseded;

export interface Promised {
  readonly phase: 'promised';
  readonly users: string;
  target: Peer | null;
  /** What the target is known to have: a stamp by user. */
  readonly sent: Map<string, string>;
  freeze: Freeze | null;
}
export interface Freeze {
  readonly number: number;
  readonly keys: readonly string[];
  readonly since: number;
  /** Those who asked for the hand-over and wait for its outcome. */
  readonly callers: Set<number>;
  /** The target missed something and has been sent everything. */
  whole: boolean;
}
export interface HandedOver {
  readonly phase: 'handedOver';
  readonly users: string;
  readonly target: Peer;
  readonly keys: readonly string[];
  readonly receipt: Receipt;
  committed: boolean;
  retired: boolean;
}
export interface Kept {
  readonly phase: 'kept';
}
export interface Receiving {
  readonly phase: 'receiving';
  readonly users: string;
  readonly staged: Map<string, Entry>;
  /** Number of the freeze whose last delta is staged. */
  prepared: number | null;
}
export interface Received {
  readonly phase: 'received';
  readonly number: number;
}

/** A takeover: what it was answered, it is answered again. */
export interface Superseded {
  readonly phase: 'superseded';
  readonly body: object;
}

/** It was asked whether it may be taken away, and nobody needs it. */
export interface Retiring {
  readonly number: number;
  readonly relocation: string;
  readonly told: Set<Peer>;
  /** Who has heard where its users are. */
  readonly heard: Set<Peer>;
  readonly callers: Set<number>;
  /** Everybody has heard it: from now on it takes nobody. */
  readonly final: boolean;
}

export interface State {
  readonly self: Peer;
  /** Always holds `*`, which stands for whoever is not listed. */
  readonly users: Map<string, Standing>;
  readonly relocations: Map<string, Relocation>;
  /** Requests that wait for the end of a freeze, by id. */
  readonly held: Map<number, ClientRequest>;
  /** Instances with which it had to do: any of them may relay to it, or know one that does. */
  readonly peers: Set<Peer>;
  /** By user, or for `*`: what is older is from a source that was taken to be dead. */
  readonly fences: Map<string, number>;
  retiring: Retiring | null;
  farewells: number;
  /** The number of the last freeze, and how many there were. */
  proposed: number;
  freezes: number;
}

const nobody = { role: 'standby', epoch: 0, accepted: [], address: null, to: null, frozen: false } as const;

/** A started instance is the standby of nobody, whatever it was before. */
export const newState = (self: Peer): State => ({
  self,
  users: new Map([[ALL, { ...nobody }]]),
  relocations: new Map(),
  held: new Map(),
  peers: new Set(),
  fences: new Map(),
  retiring: null,
  farewells: 0,
  proposed: 0,
  freezes: 0,
});

export const standingOf = (state: State, user: string): Standing =>
  state.users.get(user) ?? state.users.get(ALL) ?? { ...nobody };

/** What is known of exactly this user. */
export const knownOf = (state: State, user: string): Standing => state.users.get(user) ?? { ...nobody };

/** Gives the user a standing of his own, that of `*` to begin with. */
export function list(state: State, user: string): Standing {
  const own = state.users.get(user) ?? { ...standingOf(state, user) };
  state.users.set(user, own);
  return own;
}

/** Hears where a user is. Older news than its own is none, and an authority needs none. */
export function learn(state: State, user: string, epoch: number, to: Peer): void {
  const own = knownOf(state, user);
  if (own.role === 'authority' || epoch < own.epoch || to === state.self) return;
  state.users.set(user, { ...own, epoch, to });
}

/** What is told of this user with an older epoch comes from before a takeover; of `*`: of anybody. */
export const fenceOf = ({ fences }: State, user: string): number =>
  Math.max(0, ...[...fences].flatMap(([whom, epoch]) => (overlap(whom, user) ? [epoch] : [])));

export const overlap = (a: string, b: string): boolean => a === ALL || b === ALL || a === b;

/** Of these users, those whose authority this instance is. */
export const served = (state: State, users: string): string[] =>
  [...state.users].flatMap(([key, { role }]) =>
    role === 'authority' && (users === ALL || users === key) ? [key] : [],
  );

/** Is it the authority of this user; of `*`: of anybody? */
export const serves = (state: State, users: string): boolean =>
  users === ALL ? served(state, ALL).length > 0 : standingOf(state, users).role === 'authority';
