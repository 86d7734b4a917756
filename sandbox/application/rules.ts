import { has, type Intervals } from './intervals.ts';
import type { Peer, Prepare } from './messages.ts';
import type { Kept, Relocation, Retiring, Standing, State } from './state.ts';

/**
 * The rules that make a hand-over safe, each in one place (docs/application-contract.md). They are a parameter of the
 * authority so that the exploration can show, for each, what goes wrong without it.
 */
export interface Rules {
  /** Only the source decides: does the target take a `prepare` for the decision? */
  readonly prepareDecides: boolean;
  /** Each freeze has its own number: the epoch it proposes, higher than any proposed before, decided or not. */
  readonly freezeNumber: (epoch: number, proposed: number) => number;
  /** What remains of a relocation that was settled as kept: a tombstone. */
  readonly bury: (relocation: Relocation | undefined) => Relocation;
  /** `copy` and `prepare` are refused by an authority. */
  readonly refusesCopies: (standing: Standing) => boolean;
  /** Whoever is not the authority relays. */
  readonly serves: (standing: Standing) => boolean;
  /** A control message of an older epoch is refused. */
  readonly outdated: (number: number, known: number) => boolean;
  /** A request that carries a newer epoch makes an instance stop serving. */
  readonly fenced: (own: number, heard: number) => boolean;
  /** Does the target hold everything? What was copied only grows towards what the source has: equal sums, equal content. */
  readonly complete: (held: Prepare['total'], total: Prepare['total']) => boolean;
  /** Was this write accepted before? The highest number alone does not tell. */
  readonly accepted: (accepted: Intervals, number: number) => boolean;
  /** The decision is told until the target has heard it. */
  readonly repeats: boolean;
  /** An instance stays while it holds what its target has not heard of. */
  readonly holds: (relocation: Relocation) => boolean;
  /** It stays while a relocation is on its way to it. */
  readonly expects: (relocation: Relocation) => boolean;
  /** It takes nobody once it has said that it goes. */
  readonly takes: (retiring: Retiring | null) => boolean;
  /** Who has to hear where its users are before it goes: whoever was never an authority is relied upon by nobody. */
  readonly tells: (state: State) => Peer[];
  /** What was heard in an earlier farewell counts for nothing: it may have served since. */
  readonly heardNow: (number: number, now: number) => boolean;
  /** Whom those know has to hear it as well. */
  readonly asksFurther: boolean;
  /** Whoever is superseded forgets what was promised and prepared of these users. */
  readonly buries: boolean;
  /** After a takeover, what is older counts for nothing, whoever tells it. */
  readonly fences: boolean;
}

const TOMBSTONE: Kept = { phase: 'kept' };

export const rules: Rules = {
  prepareDecides: false,
  freezeNumber: (epoch, proposed) => Math.max(epoch, proposed) + 1,
  bury: () => TOMBSTONE,
  refusesCopies: ({ role }) => role === 'authority',
  serves: ({ role }) => role === 'authority',
  outdated: (number, known) => number <= known,
  fenced: (own, heard) => heard > own,
  complete: (held, total) => held.entries === total.entries && held.count === total.count,
  accepted: has,
  repeats: true,
  holds: (known) => known.phase === 'handedOver' && !known.committed,
  expects: ({ phase }) => phase === 'receiving',
  takes: (retiring) => retiring?.final !== true,
  tells: ({ relocations, peers }) =>
    [...relocations.values()].some(({ phase }) => phase === 'handedOver') ? [...peers] : [],
  heardNow: (number, now) => number === now,
  asksFurther: true,
  buries: true,
  fences: true,
};

/** A request crosses at most this many relays. */
export const MOST_HOPS = 2;
