import type { FailureType } from '../../domain/failures.ts';
import type { EvacuationWish } from '../../domain/evacuation.ts';
import type { Outcome, RelocationRequest } from '../../domain/relocation.ts';

/** A relocation that is, or was, under way. */
export interface Run {
  /** As the API gives it out. */
  readonly id: string;
  /** Reached it begun by this evacuation? Else somebody was moving these users already. */
  readonly own: boolean;
}

/** One that this evacuation has begun before, as Temporal's index tells. */
export interface Begun extends Run {
  readonly application: string;
  readonly users: string;
  readonly source?: string;
  readonly target: string;
  readonly accept?: RelocationRequest['accept'];
  readonly startedAt: string;
  /** Undefined: it runs, or it was ended from outside. */
  readonly outcome: Outcome | undefined;
}

/** How a relocation ended. */
export interface RunEnded {
  /** `terminated`: from outside. */
  readonly outcome: Outcome | 'terminated';
  readonly failure: { readonly type: FailureType; readonly message: string } | null;
  /** How much could not be undone. */
  readonly leftovers: number;
}

/** What a relocation is part of: an evacuation, or one look of a follower. */
export type PartOf = { readonly evacuation: string } | { readonly follower: string };

export interface FollowersLook {
  /** Its key: the same for as long as it is tried. */
  readonly chain: string;
  readonly application: string;
  readonly user: string;
  readonly among: readonly string[];
}

/**
 * Other runs: ordinary relocations, which whoever moves many begins and awaits. Every call insists while Temporal does
 * not answer, and rejects when `signal` says so.
 */
export interface Runs {
  /** What the operator wants of the evacuation that this workflow is. */
  wish(workflowId: string, signal: AbortSignal): Promise<EvacuationWish>;
  /** What it has begun so far. The index is some time behind. */
  begun(evacuation: string, signal: AbortSignal): Promise<readonly Begun[]>;
  /** Begins it once, however often that is asked; joins one that is moving these users already. */
  begin(request: RelocationRequest, part: PartOf, signal: AbortSignal): Promise<Run>;
  /** What this look of a follower has begun, from one of these sites: by its name, since the index is some time behind. */
  begunBy(look: FollowersLook, signal: AbortSignal): Promise<(Run & { readonly target: string }) | undefined>;
  ended(id: string, signal: AbortSignal): Promise<RunEnded>;
  /** Ids of those away from these sites that wait for a person, whoever has begun them. */
  resting(from: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** How many relocations to this site go on, of whomever; those that wait are checked again before they move anybody. */
  comingTo(site: string, signal: AbortSignal): Promise<number>;
  /** Which of these relocations are only being undone. */
  goingBack(ids: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}
