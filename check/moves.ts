import type { Role } from '../domain/application.ts';
import type { Fate, Kind } from './between.ts';

/** S is the authority of whoever is not listed, T stands by. */
export type Who = 'S' | 'T';
/** A name within the scenario; the instances are told another, which nobody has used. */
export type Relocation = 'r' | 'r2' | 'r3';

/** What an answer has to be. */
export type Expected =
  | { readonly is: 'done' }
  /** Whatever it is, as long as there is one. */
  | { readonly is: 'any' }
  | { readonly is: 'refused'; readonly as: readonly string[] }
  | { readonly is: 'settled'; readonly as: 'kept' | 'handedOver'; readonly serves?: boolean }
  | { readonly is: 'staying' | 'going' }
  | { readonly is: 'copied' }
  /** `skips`: so many numbers were proposed since the scenario began. */
  | { readonly is: 'receipt'; readonly skips?: number }
  | { readonly is: 'sameReceipt' }
  /** A standby; or, where it keeps what it knows on disk, what it was. */
  | { readonly is: 'startedAgain' }
  /** `count`: of his writes; `epoch`: as the receipt says, or of the takeover. */
  | {
      readonly is: 'standing';
      readonly serves: boolean;
      readonly role?: Role;
      readonly count?: number;
      readonly epoch?: 'receipt' | 'takeover';
    };

export interface Ask {
  readonly move: 'ask';
  readonly at: Who;
  readonly call: 'state' | 'promise' | 'introduce' | 'handOver' | 'settle' | 'retire' | 'supersede';
  readonly relocation: Relocation;
  /** The target of a promise or a hand-over, the source of an introduction, who takes over; null: nobody, or itself. */
  readonly other: Who | null;
  /** Of an introduction: as it was when the scenario began, though it may be another by now. */
  readonly late?: true;
  readonly spared?: true;
  readonly expected: Expected;
  /** Asked again until it is so, or for too long. */
  readonly until?: true;
  /** It goes on while it is asked: `Ends` tells how it came out. */
  readonly begins?: true;
  /** What the contract demands here; absent: it only leads there. */
  readonly demand?: string;
}

export type Move =
  | Ask
  /** What was begun comes out. */
  | { readonly move: 'ends'; readonly expected: Expected; readonly demand?: string }
  /** From now on, of what one tells the other. */
  | { readonly move: 'fate'; readonly kind: Kind; readonly fate: Fate }
  /** What was kept back goes on. */
  | { readonly move: 'release' }
  | { readonly move: 'comes'; readonly kind: Kind; readonly answered?: true; readonly demand?: string }
  /** It arrives a second time, late. */
  | { readonly move: 'again'; readonly kind: Kind }
  | { readonly move: 'write'; readonly at: Who; readonly number: number; readonly demand?: string }
  | { readonly move: 'restart' }
  /** What was copied of him under both is the same. Without a demand: else nothing follows from what is copied. */
  | { readonly move: 'same'; readonly under: readonly [Relocation, Relocation]; readonly demand?: string }
  /** Exactly one of the two is his authority, in the end, and has all that was accepted. */
  | { readonly move: 'one'; readonly count: number; readonly demand: string };

export type Need = 'two' | 'between' | 'write' | 'restart';

export interface Scenario {
  readonly needs: readonly Need[];
  /** Who tells whom, where the checker stands; absent: what S tells T. */
  readonly between?: 'T>S';
  /** By what it is judged, where that is not all that its rule is about. */
  readonly sees?: string;
  readonly moves: readonly Move[];
}

const ask = (
  at: Who,
  call: Ask['call'],
  expected: Expected,
  { relocation = 'r', other = null, ...more }: Partial<Omit<Ask, 'move' | 'at' | 'call' | 'expected'>> = {},
): Ask => ({ move: 'ask', at, call, relocation, other, expected, ...more });

const done: Expected = { is: 'done' };
const otherOf = (who: Who): Who => (who === 'S' ? 'T' : 'S');
type More = Partial<Pick<Ask, 'relocation' | 'other' | 'late' | 'spared' | 'demand' | 'until' | 'begins'>>;

/** Every move, as a sentence. */
export const state = (at: Who, standing: Omit<Extract<Expected, { is: 'standing' }>, 'is'>, more: More = {}): Ask =>
  ask(at, 'state', { is: 'standing', ...standing }, more);
export const promise = (at: Who, more: More = {}, expected: Expected = done): Ask => ask(at, 'promise', expected, more);
export const introduce = (at: Who, more: More = {}, expected: Expected = done): Ask =>
  ask(at, 'introduce', expected, { other: otherOf(at), ...more });
export const handOver = (at: Who, more: More = {}, expected: Expected = { is: 'receipt' }): Ask =>
  ask(at, 'handOver', expected, { other: otherOf(at), ...more });
export const settle = (at: Who, as: 'kept' | 'handedOver', more: More = {}, serves?: boolean): Ask =>
  ask(at, 'settle', { is: 'settled', as, ...(serves !== undefined && { serves }) }, more);
export const retire = (at: Who, more: More = {}, expected: Expected = { is: 'staying' }): Ask =>
  ask(at, 'retire', expected, more);
export const supersede = (at: Who, more: More = {}, expected: Expected = done): Ask =>
  ask(at, 'supersede', expected, more);
export const refused = (...as: string[]): Expected => ({ is: 'refused', as });

export const fate = (kind: Kind, is: Fate): Move => ({ move: 'fate', kind, fate: is });
export const release: Move = { move: 'release' };
export const comes = (kind: Kind, more: { answered?: true; demand?: string } = {}): Move => ({
  move: 'comes',
  kind,
  ...more,
});
export const again = (kind: Kind): Move => ({ move: 'again', kind });
export const write = (at: Who, number: number, demand?: string): Move => ({
  move: 'write',
  at,
  number,
  ...(demand !== undefined && { demand }),
});
export const restart: Move = { move: 'restart' };
export const ends = (expected: Expected, demand?: string): Move => ({
  move: 'ends',
  expected,
  ...(demand !== undefined && { demand }),
});

export const same = (one: Relocation, other: Relocation, demand?: string): Move => ({
  move: 'same',
  under: [one, other],
  ...(demand !== undefined && { demand }),
});

export const startedAgain = (at: Who, more: More = {}): Ask => ask(at, 'state', { is: 'startedAgain' }, more);

/** S is about to give him away: T relays to it, and he is promised. */
export const prepared = (source: Who = 'S', relocation: Relocation = 'r'): Move[] => [
  introduce(otherOf(source), { relocation }),
  promise(source, { relocation, other: otherOf(source) }),
];

/** T is copied all of him, and S keeps him. */
export const copiedOnly = (relocation: Relocation): Move[] => [
  ...prepared('S', relocation),
  promise('S', { relocation, other: 'T', until: true }, { is: 'copied' }),
  settle('S', 'kept', { relocation }),
  settle('T', 'kept', { relocation }),
];

/** He moves, and has arrived. */
export const moved = (source: Who = 'S', relocation: Relocation = 'r'): Move[] => [
  ...prepared(source, relocation),
  handOver(source, { relocation }),
  state(otherOf(source), { serves: true }, { relocation, until: true }),
];
