import { add, has, type Intervals, union } from '../application/intervals.ts';

/**
 * What an instance of the carrier knows, and what happens to it: an application that keeps state, moves it itself when its
 * platform says so (MEC 021), and knows nothing of the application contract. Pure.
 */

/** What a provider's word is about: each can be left out. */
export interface Habits {
  /** It accepts nothing of a user from its last delta on. */
  readonly freezes: boolean;
  /** It accepts again when it is told FAILED. */
  readonly thaws: boolean;
  /** It refuses users whose context it has not got. */
  readonly refusesUnknown: boolean;
  /** It reports USER_CONTEXT_TRANSFER_COMPLETED only when the target has everything. */
  readonly reportsTruly: boolean;
}

export const wellBehaved: Habits = { freezes: true, thaws: true, refusesUnknown: true, reportsTruly: true };

interface Person {
  /** Address of his device. */
  readonly device: string;
  readonly accepted: Intervals;
  readonly frozen: boolean;
  readonly reported: boolean;
}

export interface Delta {
  readonly user: string;
  readonly device: string;
  readonly accepted: Intervals;
}

export type State = Readonly<Record<string, Person>>;

const fresh: Person = { device: '', accepted: [], frozen: false, reported: false };

/** Undefined: it is not accepted now. */
export function written(state: State, user: string, number: number, habits: Habits): State | undefined {
  const person = state[user];
  if (person === undefined ? habits.refusesUnknown : person.frozen) return undefined;
  const { accepted } = person ?? fresh;
  return {
    ...state,
    [user]: { ...(person ?? fresh), accepted: has(accepted, number) ? accepted : add(accepted, number) },
  };
}

/** TRIGGERED: the last delta of each, and what is left here. Once more: sent again, as it was. */
export function triggered(
  state: State,
  devices: readonly string[],
  habits: Habits,
): { readonly state: State; readonly deltas: readonly Delta[] } {
  const moving = Object.entries(state).filter(([, { device }]) => devices.includes(device));
  return {
    state: changed(state, devices, (person) => ({ ...person, frozen: habits.freezes })),
    deltas: moving.map(([user, { device, accepted }]) => ({ user, device, accepted })),
  };
}

/** At the target. */
export const received = (state: State, { user, device, accepted }: Delta): State => ({
  ...state,
  [user]: { ...fresh, device, accepted: union(state[user]?.accepted ?? [], accepted) },
});

/** It says of them that they are transferred. */
export const reported = (state: State, devices: readonly string[]): State =>
  changed(state, devices, (person) => ({ ...person, reported: true }));

export const failed = (state: State, devices: readonly string[], habits: Habits): State =>
  habits.thaws ? changed(state, devices, (person) => ({ ...person, frozen: false, reported: false })) : state;

/** COMPLETED: they are somebody else's. Whoever were forgotten altogether would be taken for somebody new. */
export const completed = (state: State, devices: readonly string[]): State =>
  changed(state, devices, ({ frozen }) => ({ ...fresh, frozen }));

const changed = (state: State, devices: readonly string[], to: (person: Person) => Person): State =>
  Object.fromEntries(
    Object.entries(state).map(([user, person]) => [user, devices.includes(person.device) ? to(person) : person]),
  );
