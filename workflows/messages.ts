import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CheckedAnchor } from '../activities/anchoring/check.ts';
import type { Told } from '../activities/federation/tend-partner.ts';
import type { Both } from '../activities/relocation/subject.ts';
import type { Pace } from '../configuration/peers.ts';
import type { AnchorRequest, AnchorStatus } from '../domain/anchor-request.ts';
import type { Standing, Taking } from '../domain/anchoring.ts';
import type { BindingRequest } from '../domain/binding-request.ts';
import type { BindingResult, ConsumptionStep } from '../domain/binding.ts';
import type { EvacuationRequest, EvacuationWish } from '../domain/evacuation.ts';
import type { FailureType } from '../domain/failures.ts';
import type { Following, Sighting } from '../domain/following.ts';
import type { FollowerRequest } from '../domain/follower-request.ts';
import type { FencingStatus } from '../domain/fencing.ts';
import type { PlacementRequest } from '../domain/placement.ts';
import type { Acceptance } from '../domain/recovery.ts';
import type { Direction, RelocationRequest, RelocationStatus } from '../domain/relocation.ts';
import type { SeenInLists } from '../domain/subscription.ts';
import type { Query } from '../domain/wish.ts';
import type { BroughtBefore } from './relocation/brought.ts';

/** What starts `relocateApplication`. JSON, names only. */
export interface RelocationOrder {
  readonly request: RelocationRequest;
  readonly direction: Direction;
  readonly pace: Pace;
}

/** What starts `findPlacements`. JSON, names only. */
export interface PlacementsOrder {
  readonly request: PlacementRequest;
  readonly pace: Pace;
}

/** Kept in the memo: what makes the same Idempotency-Key the same run. */
export interface RelocationMemo {
  readonly request: RelocationRequest;
  readonly direction: Direction;
  /** Digests of the Idempotency-Key and of the body. */
  readonly key: string;
  readonly body: string;
}

export const status = defineQuery<RelocationStatus>('status');

/**
 * What a procedure of the kit answers to: an operator's commands. Each is refused by its validator, with an ApplicationFailure of a type of domain/failures.ts
 * (NotPossibleNow, CancelTooLate), where the state does not allow it; a refused one leaves nothing in the history.
 */
export const pause = defineUpdate<RelocationStatus>('pause');
export const resume = defineUpdate<RelocationStatus>('resume');
export const cancel = defineUpdate<RelocationStatus>('cancel');
export const approve = defineUpdate<RelocationStatus>('approve');
export const retry = defineUpdate<RelocationStatus>('retry');
/** As from the Temporal UI: the strongest fence alone is accepted. */
export const recover = defineUpdate<RelocationStatus>('recover');
export const recoverAccepting = defineUpdate<RelocationStatus, [Acceptance]>('recover');
export const abandon = defineUpdate<RelocationStatus>('abandon');

/** What starts `fenceSource`, for a source that was taken to be dead and not stopped. JSON, names only. */
export interface FencingOrder {
  /** `seen`: its subscriptions. Runs that began earlier do not tell. */
  readonly both: Both & { readonly seen?: SeenInLists };
  /** Of the takeover. */
  readonly epoch: number;
  /** What the target was given then. */
  readonly writes: number;
  readonly pace: Pace;
}

export const fencingStatus = defineQuery<FencingStatus>('fencing');
/** The source is gone for good: nobody has to wait for it. */
export const scrap = defineUpdate<FencingStatus>('scrap');
/** What starts `anchorApplication`. JSON, names only. `held`: one that holds, and goes on in a new run. */
export interface AnchorOrder {
  readonly request: AnchorRequest;
  readonly pace: Pace;
  readonly held?: HeldAnchor;
  /** Is its source looked at as long as it holds? Runs that began earlier do not tell: it is not. */
  readonly watched?: true;
  /** Of one run: then it goes on in a new one; absent: 2,000. */
  readonly events?: number;
}

export interface HeldAnchor {
  readonly checked: CheckedAnchor;
  readonly standing: Standing;
  /** Its own turn, sealed, and what the relocation that has it now would make of it. */
  readonly turns: readonly string[];
  readonly brought: BroughtBefore;
  readonly lastedMs: number;
}

/** What starts `markAnchored`, one for each application that anchors stand for. JSON, names only. */
export interface MarkOrder {
  readonly application: string;
  readonly pace: Pick<Pace, 'stepMs' | 'insistMs'>;
}

/** Kept in the memo: what makes the same request the same run, and where it leads; null: it does not hold yet. */
export interface AnchorMemo {
  readonly request: AnchorRequest;
  readonly standing: Standing | null;
  /** Of the chain, where this is not its first run. */
  readonly first?: { readonly run: string; readonly startedAt: string };
  /** The follower that has begun it, and gives it back. */
  readonly follower?: string;
}

export const anchorStatus = defineQuery<AnchorStatus>('status');
/** A relocation turns this anchor's rules with its own. Refused where it does not hold, or is being given back. */
export const takeIn = defineUpdate<Standing, [Taking]>('takeIn');
/** Another anchor is given back, which has made subscriptions that this one exposes too. Refused as `takeIn` is. */
export const inherit = defineUpdate<null, [readonly string[]]>('inherit');
/** That relocation has handed the users over. */
export const sourceMoved = defineSignal<[Omit<Taking, 'turn'>]>('sourceMoved');
/** What starts `evacuateHost`: of a site, to sites that are named by now. */
export interface EvacuationOrder {
  readonly request: Omit<EvacuationRequest, 'among'> & { readonly among: readonly string[] };
  /** The evacuation of this site whose moves are brought back to it. */
  readonly returns?: string;
  readonly pace: Pick<Pace, 'heartbeatMs' | 'retryMs'>;
}

/** Kept in the memo: what makes the same request the same run, and what the operator wants by now. */
export interface EvacuationMemo {
  readonly request: EvacuationOrder['request'];
  readonly returns?: string;
  readonly wish: EvacuationWish;
  /** Null, as where it is absent: it is not paused. */
  readonly pausedAt?: string | null;
}

/** What an operator may say to an evacuation. Refused by its validators: NotPossibleNow. */
export const evacuation = {
  pause: defineUpdate<EvacuationWish>('pause'),
  resume: defineUpdate<EvacuationWish>('resume'),
  cancel: defineUpdate<EvacuationWish>('cancel'),
  /** Another window. */
  resize: defineUpdate<EvacuationWish, [number]>('resize'),
};

/** Kept in the memo of `holdSite`. */
export interface HoldMemo {
  readonly site: string;
  /** In the operator's words. */
  readonly why: string;
}

export const endHold = defineUpdate('endHold');

/** What starts `followDevice`. `standing`: of the run that this one continues. JSON, names only. */
export interface FollowerOrder {
  readonly request: FollowerRequest;
  readonly pace: Pick<Pace, 'stepMs' | 'insistMs' | 'heartbeatMs' | 'retryMs'>;
  readonly standing?: FollowerStanding;
}

/** Kept in the memo: what makes the same request the same run. */
export interface FollowerMemo {
  readonly request: FollowerRequest;
}

export interface FollowerStanding {
  readonly following: Following;
  /** The site that served its user when that was looked at last; null: never. */
  readonly site: string | null;
  /** Of the last move, by its id. */
  readonly relocation: string | null;
  /** That leads the device to that site, by its id. */
  readonly anchor?: string | null;
  /** Why the last look led to nothing; null: it did not, or there is no reason for another. */
  readonly trouble: string | null;
  /** Why it could not be asked where the device is, or be told that; null: it was. Runs that began earlier do not tell. */
  readonly unanswered?: string | null;
  readonly doing: 'waiting' | 'following' | 'ending';
  /** When the next look is due; null: there is no reason for one. */
  readonly dueAt: string | null;
}

/** The device is in another network: told by whoever sees it. */
export const moved = defineSignal<[Sighting]>('moved');
export const followerStanding = defineQuery<FollowerStanding>('following');
export const endFollower = defineUpdate('endFollower');

/** What starts `joinFederation`, one for each partner. */
export interface FederationOrder {
  readonly partner: string;
}

export interface FederationStanding {
  readonly doing: 'looking' | 'joining' | 'leaving' | 'waiting';
  readonly since: string;
  readonly uses: Told | null;
  readonly serves: Told | null;
  /** Of the last round. */
  readonly failure: { readonly type: FailureType; readonly message: string } | null;
}

/** Something may have changed: look sooner. Carries nothing, since nothing that is said here would be believed. */
export const poke = defineSignal('poke');
export const federationStanding = defineQuery<FederationStanding>('standing');

/** How patient a consumption is with peers and partners. */
export type ConsumptionPace = Pick<Pace, 'stepMs' | 'attemptMs' | 'insistMs' | 'heartbeatMs' | 'retryMs'> & {
  readonly askMs: number;
};

/** What starts `consumeServiceFederated`: names only. `digest`: of the question that the wish is. */
export interface ConsumptionOrder {
  readonly request: BindingRequest;
  readonly digest: string;
  readonly pace: ConsumptionPace;
}

/** Kept in the memo: what makes the same request the same run. */
export interface ConsumptionMemo {
  readonly request: BindingRequest;
}

export interface ConsumptionStanding {
  readonly step: ConsumptionStep;
  readonly since: string;
  readonly doing: 'working' | 'undoing' | 'ended';
  /** Of the steps that are done. */
  readonly durationsMs: BindingResult['durationsMs'];
  readonly result: BindingResult | null;
}

export const consumptionStanding = defineQuery<ConsumptionStanding>('binding');

/** What starts `admitConsumer` and `releaseService`: a row of the catalogue. */
export interface BindingOrder {
  readonly binding: string;
  readonly why: string;
  readonly pace: ConsumptionPace;
}

/** What starts a discovery: the question, and its digest, by which its answer is remembered. */
export interface DiscoveryOrder {
  readonly query: Query;
  readonly digest: string;
  readonly pace: { readonly askMs: number };
}

/** Kept in the memo, for whoever reads the discovery later. */
export interface DiscoveryMemo {
  readonly query: Query;
}
