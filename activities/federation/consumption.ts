import type { BindingSide, BindingState, Reached } from '../../domain/binding.ts';
import type { Choosable } from '../../domain/choice.ts';
import type { Will } from '../../domain/federation.ts';
import type { What, Wish } from '../../domain/wish.ts';

/**
 * What is consumed across operators, and what the steps of it need, in our words. `Bindings` is realised by the catalogue, the
 * others by adapters; they throw as those of ports.ts do.
 */

/** A binding, with what is known of its partner and of what is bound. */
export interface Binding {
  readonly id: string;
  /** By which both operators know it. */
  readonly name: string;
  readonly side: BindingSide;
  readonly state: BindingState;
  readonly why: string | null;
  readonly agreement: string;
  readonly partner: string;
  /** Null: the agreement has ended, or was not given yet. */
  readonly context: string | null;
  /** Towards the partner, in the direction of the agreement. */
  readonly ours: Will;
  readonly theirs: Will | null;
  /** Of ours: the system by its name in the configuration, the platform by its MEO's name for it. */
  readonly system: string;
  readonly platform: string;
  readonly what: Pick<What, 'kind' | 'name'>;
  readonly forApplication: string | null;
  readonly operator: string;
  /** Our orchestrator may have been told of it. */
  readonly told: boolean;
  readonly exposedAs: string | null;
  /** What ends the address by which applications reach it; of a producer's null. */
  readonly pathSecret: string | null;
  readonly offer: OfferBound | null;
}

/** What is bound, as it is now; it may be gone. */
export interface OfferBound {
  /** The partner's id of it, and of its platform. */
  readonly alias: string;
  readonly platformAlias: string;
  readonly version: string;
  readonly serializer: string;
  /** Where the producer is reached: of ours alone. */
  readonly endpoint: string | null;
}

/** An offer that is as wished for. */
export interface Candidate extends Choosable {
  readonly transport: string | null;
}

export interface Reservation {
  readonly name: string;
  readonly run: string;
  readonly offer: string;
  readonly system: string;
  readonly platform: string;
  readonly forApplication: string | null;
}

/** A binding, with what its tending has to know. */
export interface BindingTended extends Binding {
  /** Of a producer's: our configuration lets the partner use it, today. */
  readonly isShared: boolean;
  /** Of a consumer's: the partner may have it, and has not said yet that it is over. */
  readonly owed: boolean;
  /** Nobody has used it for too long. */
  readonly idle: boolean;
}

/** The catalogue, for consuming. Changes go forwards only: what comes late changes nothing. */
export interface Bindings {
  /** Offers of usable partners. */
  candidates(wish: Wish): Promise<readonly Candidate[]>;
  /** The row is there before anybody is told. The same name again is the same row, in whatever state. AlreadyBound. */
  reserve(reservation: Reservation): Promise<Binding>;
  /** Null: there is no such row any more. */
  one(id: string): Promise<Binding | null>;
  /** The partner has heard of it: a line in the ledger, however often it is told. */
  announced(id: string): Promise<void>;
  /** False: it was closed meanwhile. `upstream`: where the producer is reached; null at the consumer's side. */
  opened(id: string, upstream: string | null): Promise<boolean>;
  /** For ever, with its line in the ledger. */
  close(id: string, why: string): Promise<void>;
  closeRun(run: string, why: string): Promise<void>;
  /** The partner has said that it is over, and how far it had come there; null: not how far. What we had not heard goes into the ledger. */
  withdrawn(id: string, was: Reached | null): Promise<void>;
  /** How far we had come under a name with this partner, as our ledger tells. */
  reached(partner: string, name: string): Promise<Reached>;
  told(id: string, is: boolean): Promise<void>;
  exposed(id: string, as: string | null): Promise<void>;
  /** With this partner, both ways, not closed. */
  held(partner: string): Promise<readonly BindingTended[]>;
  /** With this partner, closed, where something may be left at it or at our own peers. */
  left(partner: string): Promise<readonly BindingTended[]>;
  /** Another offer of ours takes the place of a producer's that is gone; false: there is none. */
  replaced(id: string): Promise<boolean>;
  /** Of a producer's, what notifies the partner's consumer. */
  subscriptions(id: string): Promise<Subscriptions>;
  unsubscribed(id: string, ended: Pick<Subscriptions, 'made' | 'settled'>): Promise<void>;
  /** Of these names those by which nothing is used here, or is about to be. */
  unbound(names: readonly string[]): Promise<readonly string[]>;
  /** What ended long ago. */
  sweep(): Promise<void>;
}

/** At a producer of ours, what notifies a partner's consumer. */
export interface Subscriptions {
  /** By their URLs. */
  readonly made: readonly string[];
  /** Where the producer was asked for one that notifies that callback of ours, and nobody knows what became of it. */
  readonly unanswered: readonly { readonly at: string; readonly callback: string }[];
  /** Nothing that was asked for can be carried out any more. */
  readonly settled: boolean;
}

/** How a partner has it: `absent` is one answer, whatever the reason. */
export type Announced = { readonly state: BindingState; readonly why: string | null } | 'absent';

/** What of a partner is asked for a consumption (GR MEC 035, 6.5.3 step 13). FederationSuspended. */
export interface Consumable {
  /** The same again is the same. DecisionRefused: it was something else under this name, or may not be. */
  announce(
    context: string,
    binding: { readonly name: string; readonly offer: string; readonly forApplication: string | null },
    signal: AbortSignal,
  ): Promise<Announced>;
  binding(context: string, name: string, signal: AbortSignal): Promise<Announced>;
  /** Those that are not closed. */
  bindings(
    context: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly name: string; readonly ageSeconds: number }[]>;
  /**
   * From then on it never will be, also where it never was. How far it had come there; null: that is not told. `absent`: the
   * agreement is not there any more, and how far it had come can be asked under another one.
   */
  withdraw(context: string, name: string, signal: AbortSignal): Promise<Reached | 'absent' | null>;
}

/** What one of our orchestrators is told of (6.5.3 steps 12 and 14): it tells its platform. */
export interface Decision {
  readonly binding: string;
  readonly role: BindingSide;
  readonly platform: string;
  readonly what: Pick<What, 'kind' | 'name'>;
  readonly operator: string;
  readonly remotePlatform: string | null;
}

export interface Decisions {
  /** `notSpoken`: it has no such interface, and is not told. DecisionRefused. */
  decide(system: string, decision: Decision, signal: AbortSignal): Promise<'told' | 'notSpoken'>;
  /** "Not there" is success. */
  retract(system: string, binding: string, signal: AbortSignal): Promise<void>;
}

/** A service of another operator, as one of our platforms lists it. */
export interface ExposedService {
  readonly id: string;
  /** The binding, by its name. */
  readonly binding: string;
  readonly active: boolean;
}

/** Services of others at one platform of ours (MEC 011, service management over Mp1). */
export interface Exposure {
  list(signal: AbortSignal): Promise<readonly ExposedService[]>;
  expose(
    service: {
      readonly binding: string;
      readonly name: string;
      readonly version: string;
      readonly serializer: string;
      readonly url: string;
    },
    signal: AbortSignal,
  ): Promise<void>;
  setActive(id: string, active: boolean, signal: AbortSignal): Promise<void>;
  /** "Not there" is success. */
  remove(id: string, signal: AbortSignal): Promise<void>;
}

/** The path to a producer, through gateways (6.5.3 step 15). */
export interface Paths {
  /** Through our own gateway, the partner's, to the producer's port; the service is not used. PathNotOpen. */
  probe(pathSecret: string, signal: AbortSignal): Promise<void>;
}

/** Services of ours at which partners subscribe, each by the URLs that it gave, or at which it was asked. */
export interface Producers {
  /** "Not there" is success. */
  unsubscribe(url: string, signal: AbortSignal): Promise<void>;
  /** Of the subscriptions of a collection those that notify a callback of ours, which nobody else can name. */
  notifying(collection: string, callback: string, signal: AbortSignal): Promise<readonly string[]>;
}

export interface ConsumingMeans {
  readonly bindings: Bindings;
  /** Undefined: it is not in the configuration any more. */
  readonly partner: (name: string) => Consumable | undefined;
  readonly decisions: Decisions;
  /** Undefined: no site of the configuration is that platform. */
  readonly exposure: (system: string, platform: string) => Exposure | undefined;
  /** Of every platform of ours. */
  readonly exposures: readonly Exposure[];
  /** Looks at a system of ours whose orchestrator tells nothing by itself, so that what it offers, and is used of it, stays known. */
  readonly observe: (system: string, used: readonly What[], signal: AbortSignal) => Promise<void>;
  readonly paths: Paths;
  /** Does the producer's port take a connection? */
  readonly listens: (endpoint: string, signal: AbortSignal) => Promise<boolean>;
  readonly producers: Producers;
  /** Where applications reach it, by our own gateway. */
  readonly addressOf: (pathSecret: string) => string;
  /** Of the nth candidate of a run: used once. */
  readonly nameOf: (chain: string, nth: number) => string;
}

export interface BindingNamed {
  readonly binding: string;
}

/** It is over, and why: the first one who says so is believed. */
export interface BindingOver extends BindingNamed {
  readonly why: string;
}
