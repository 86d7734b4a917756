import type { Copied } from './application.ts';

/** A source that is taken to be dead, and what keeps it from being a second writer (GR MEC 035, 5.3.1). Pure. */

/**
 * The strongest first. `stopped`: an operation of its orchestrator has ended it. `ledAway`: none has, and devices that look for
 * it are led to the target. `none`: neither.
 */
export const fences = ['stopped', 'ledAway', 'none'] as const;
export type Fence = (typeof fences)[number];

/** `forgot`: it was started again, and knows nobody: as good as stopped. */
export type Fenced = Fence | 'forgot';

/** What whoever takes a source to be dead has to accept. `fence`: the weakest; absent: `stopped`. */
export interface Acceptance {
  readonly lostWrites: true;
  readonly fence?: Fence | undefined;
  /** Other instances that cannot be asked are passed over, though they may serve some of these users. */
  readonly otherUnknown?: true | undefined;
}

/** From the Temporal UI the update is sent with nothing. */
export const WARY: Acceptance = { lostWrites: true };

export const suffices = (fence: Fence, { fence: weakest = 'stopped' }: Acceptance): boolean =>
  fences.indexOf(fence) <= fences.indexOf(weakest);

/** May the source go on accepting writes, where it is not dead after all? Then it has to be waited for. */
export const mayWrite = (fence: Fenced): boolean => fence === 'ledAway' || fence === 'none';

/** Is what is held kept warm in case that its source is lost? */
export const isStandby = (cutOver: string | object): boolean => typeof cutOver === 'object' && 'standby' in cutOver;

/** Who may have written beside the target, for whoever has to decide. */
export const writersTold: Readonly<Record<Fenced, string>> = {
  stopped: 'nobody but the target: the source was ended by its orchestrator',
  forgot: 'nobody but the target: the source was started again and knows nobody',
  ledAway:
    'clients whose connections to the source outlast the change of the path, where it is not dead after all, until it is fenced',
  none: 'any client that still reaches the source, where it is not dead after all, until it is fenced',
};

/** Of other instances that could not be asked, as was accepted: nobody waits for them. */
export const alsoMayWrite = (notAsked: readonly string[]): string =>
  notAsked.length === 0
    ? ''
    : `; and clients of whoever could not be asked, until it is stopped: ${notAsked.join('; ')}`;

/** What the target was given, by its own word, before it took over. */
export interface Copy {
  readonly users: number;
  readonly writes: number;
  /** Since its content came last; null: it has none. */
  readonly changedSecondsAgo: number | null;
}

/** The best first: one that is prepared, which is whole; else the one with most writes; else the one that changed last. */
export const byWorth = (one: Copied, other: Copied): number =>
  Number(other.prepared) - Number(one.prepared) ||
  other.count - one.count ||
  (one.secondsAgo ?? Number.MAX_VALUE) - (other.secondsAgo ?? Number.MAX_VALUE);

/** Of copies of several relocations. Undefined: there is none. */
export const bestOf = (copies: readonly Copied[]): Copied | undefined => copies.toSorted(byWorth)[0];

/** What of it is told. Undefined: there is none, and who takes over begins empty. */
export const copyOf = (best: Copied | undefined): Copy => ({
  users: best?.copiedUsers ?? 0,
  writes: best?.count ?? 0,
  changedSecondsAgo: best?.secondsAgo ?? null,
});

export const lossTold = ({ users, changedSecondsAgo }: Copy): string =>
  changedSecondsAgo === null
    ? 'everything: the target had no copy, and began empty'
    : `what the source acknowledged and had not copied; the copy, of ${users} ${users === 1 ? 'user' : 'users'}, had changed last ${changedSecondsAgo.toFixed(2)} s before`;
