import type { Direction, Will } from '../../domain/federation.ts';
import type { Consumable } from './consumption.ts';
import type { Finder } from './questions.ts';

/**
 * What the steps of a federation need, in our words. `Partner` is realised by adapters, `Facts` by the catalogue. A partner may
 * throw what `failure()` of activities/failure.ts makes, the catalogue a Refusal (CatalogueUnavailable), and nothing else.
 * No context, key or token is in what they throw: it enters histories.
 */

/** One direction with one partner, by its id: what is learned late of an older one changes nothing. */
export interface Agreement {
  readonly id: string;
  readonly partner: string;
  readonly direction: Direction;
  /** The federationContextId, allotted by the serving side; null until it answered. */
  readonly context: string | null;
  readonly theirs: Will | null;
  readonly askedAt: Date | null;
  readonly heardAt: Date | null;
  readonly silentSince: Date | null;
  readonly linkMs: number | null;
  /** Ends the links that we give. */
  readonly callbackKey: string;
  /** The partner's partnerStatusLink. */
  readonly callbackUrl: string | null;
  readonly zonesUrl: string | null;
  readonly systemsTag: string | null;
  readonly zonesTag: string | null;
  readonly toldWill: Will | null;
  readonly problem: string | null;
  readonly joinedAt: Date | null;
  readonly createdAt: Date;
}

/** What is wanted and what there is of one direction. */
export interface Standing {
  readonly ours: Will;
  readonly agreement: Agreement | null;
  /** Silent for so long that it is forgotten. */
  readonly forgotten: boolean;
}

/** The catalogue, for tending one partner. Every instant is of the database's clock. */
export interface Facts {
  /** `at`: when it was looked, hence before whatever is asked next. */
  look(partner: string): Promise<{ readonly at: Date; readonly uses: Standing; readonly serves: Standing }>;
  /** The agreement that is asked for, with its callback key: there before the partner is asked. The same when it is there. */
  begin(partner: string): Promise<Agreement>;
  /** It is about to be asked for: from now on the partner may know of it. */
  asking(agreement: Agreement): Promise<void>;
  /** Null: it is its own; else the partner that has that context already, and nothing is noted of it. */
  contextGiven(agreement: Agreement, joined: Joined): Promise<string | null>;
  /** The partner that has that context already: both names lead to one federator, which knows us as one. */
  namesake(agreement: Agreement, context: string): Promise<string | null>;
  /** Only over an older question, and for that very agreement. */
  heard(agreement: Agreement, askedAt: Date, heard: Heard): Promise<void>;
  silent(agreement: Agreement, askedAt: Date, problem: string): Promise<void>;
  /** All that are offered now: one that is not among them is offered no more, and what was learned of it holds no longer. */
  zonesLearned(agreement: Agreement, zones: readonly Zone[], tag: string | null): Promise<void>;
  /** By the partner's ids: offered, and not accepted yet. */
  zonesToAccept(agreement: Agreement): Promise<readonly string[]>;
  zonesAccepted(agreement: Agreement, zones: readonly string[]): Promise<void>;
  /** Accepted, and offered no more. */
  zonesToGiveBack(agreement: Agreement): Promise<readonly string[]>;
  zonesGivenBack(agreement: Agreement, zones: readonly string[]): Promise<void>;
  acceptedZones(agreement: Agreement): Promise<readonly string[]>;
  /** What their subscribers are to be told is written with it. */
  systemsLearned(agreement: Agreement, learned: Systems): Promise<void>;
  /** Is there something that a subscriber is to be told now? */
  isNews(): Promise<boolean>;
  joined(agreement: Agreement): Promise<void>;
  willTold(agreement: Agreement, will: Will): Promise<void>;
  /** Kept for whoever asks why; null: there is none any more. */
  problem(agreement: Agreement, problem: string | null): Promise<void>;
  refused(agreement: Agreement, problem: string): Promise<void>;
  /** Its aliases and what was learned under it end with it. */
  end(agreement: Agreement, why: string): Promise<void>;
  /** Agreements that ended long ago, and whatever else nobody has seen for a day. */
  forget(): Promise<void>;
}

export interface Zone {
  readonly zone: string;
  readonly at: { readonly lat: number; readonly lon: number } | null;
  readonly details: string;
}

/** All that it offers; `untold`: it does not say, and what was known of them stays. */
export type ZonesTold = readonly Zone[] | 'untold';

/** Which have been given back; why others have not: null where there are none. */
export interface ZonesLeft {
  readonly zones: readonly string[];
  readonly problem: string | null;
}

/** What the partner answered to being asked for an agreement. */
export interface Joined {
  readonly context: string;
  readonly zones: readonly Zone[];
  readonly capabilities: Readonly<Record<string, unknown>>;
}

export interface Heard {
  /** Null: it speaks E/WBI only, where a status comes by callback. */
  readonly theirs: Will | null;
  readonly linkMs: number;
  readonly capabilities: Readonly<Record<string, unknown>>;
}

/** What the partner says of itself (GR MEC 035, 5.1.2 level 1, monitoring). */
export interface Relation {
  readonly theirs: Will | null;
  readonly linkMs: number;
  /** Changes whenever a system that we may see changes; null: it tells of no systems. */
  readonly systemsTag: string | null;
  /** Changes whenever a zone that it offers does; null: it has no such tag, and is asked each time. */
  readonly zonesTag: string | null;
  /** Where they are told with it. */
  readonly zones?: ZonesTold;
  readonly capabilities: Readonly<Record<string, unknown>>;
}

export interface PartnerSystem {
  /** An alias. */
  readonly system: string;
  readonly name: string;
  readonly provider: string;
  readonly operator: string;
  readonly meo: string | null;
}

export interface Systems {
  readonly tag: string;
  readonly systems: readonly PartnerSystem[];
}

/** What an agreement is asked for with: the same for every repetition. */
export interface Invitation {
  readonly since: Date;
  readonly callbackKey: string;
}

/** Another operator's federator (Mff-fed, and Mfb-fed towards a broker). */
export interface Partner extends Finder, Consumable {
  readonly name: string;
  /** Does it speak our extension, and so tell its will and its systems, and answer questions? */
  readonly extended: boolean;
  /** A token of its authorization server. */
  authenticate(signal: AbortSignal): Promise<void>;
  /** Asked again it gives the same context. NotFederated: it refuses, and says so. */
  join(invitation: Invitation, signal: AbortSignal): Promise<Joined>;
  /** `gone`: it knows no such agreement. */
  relation(context: string, signal: AbortSignal): Promise<Relation | 'gone'>;
  zones(context: string, signal: AbortSignal): Promise<ZonesTold | 'gone'>;
  /** FederationSuspended. `gone`: it knows no such agreement, or does not offer one of them. */
  acceptZones(
    context: string,
    zones: readonly string[],
    callbackKey: string,
    signal: AbortSignal,
  ): Promise<'accepted' | 'gone'>;
  /** FederationSuspended. `unchanged`: they are as under this tag. */
  systems(context: string, tag: string | null, signal: AbortSignal): Promise<Systems | 'unchanged' | 'gone'>;
  /** "Not there" is success. What the partner does not take back holds up no other: it is told, the first of them, and asked again. */
  leaveZones(context: string, zones: readonly string[], signal: AbortSignal): Promise<ZonesLeft>;
  /** "Not there" is success. */
  leave(context: string, signal: AbortSignal): Promise<void>;
  /** Tells our will by its partnerStatusLink; the link leads to one of its hosts, or is refused. */
  tellWill(agreement: Agreement, will: Will, at: Date, signal: AbortSignal): Promise<void>;
}

/** A system as a subscriber is told of it. `n`: of this telling, so that a later one is not taken for it. */
export interface Notice {
  readonly n: string;
  readonly system: string;
  readonly name: string;
  readonly provider: string;
}

/** Somebody who is to be told something now. */
export interface Due {
  readonly subscription: string;
  readonly client: string;
  readonly callback: string;
  /** Of the subscription's URI, as its client reached us. */
  readonly root: string;
  readonly notices: readonly Notice[];
}

/** What there is to tell, as the catalogue keeps it. May throw a Refusal (CatalogueUnavailable). */
export interface Notices {
  due(): Promise<readonly Due[]>;
  told(due: Due): Promise<void>;
  /** True: it has failed so often that it is given up. */
  notTold(due: Due): Promise<boolean>;
  /** It is not told at all. */
  forget(due: Due): Promise<void>;
  /** In how many milliseconds there is somebody to tell; null: there is nobody. */
  dueInMs(): Promise<number | null>;
}
