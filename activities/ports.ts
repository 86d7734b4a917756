import type { ApplicationState, Receipt, Settled, Superseded } from '../domain/application.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import type { Rule } from '../domain/rule.ts';
import type { PathWay } from '../domain/turn.ts';
import type { HeldSubscription, NotCarried, SeenInLists, Subscription } from '../domain/subscription.ts';

/**
 * What the steps need of the world, in our words. Adapters realise it; `worker/sites.ts` says which adapter for which
 * site. Every call may throw an `ApplicationFailure` made by `failure()` of failure.ts (PeerUnavailable, PeerRejected,
 * PeerMalformed and what the method names), and nothing else. None retries by itself: Temporal does.
 */

/** What grows is written when it is told, and not whenever there is more of it: that would be the square of it. */
export type Kept = string | (() => string);

/** How a call that takes long waits: it polls, tells its progress, and stops when it is cancelled. */
export interface Wait {
  readonly signal: AbortSignal;
  /** Becomes the heartbeat: a short sentence without addresses, seen by operators. */
  readonly progress: (told: string) => void;
  /** Pause between two looks; rejects when cancelled. */
  readonly pause: () => Promise<void>;
  /**
   * Remembers over the attempts of this step, as far as the server heard of it (it travels with the heartbeat): a peer's
   * id of what was made, no address. A help, no proof: an attempt may end before it is heard.
   */
  readonly keep: (name: string, value: Kept) => void;
  readonly kept: (name: string) => string | undefined;
  /** Resolves when the server has heard all that is kept: then it is a proof, for the price of an action. */
  readonly heard: () => Promise<void>;
}

/** An application as the configuration knows it. */
export interface Application {
  readonly name: string;
  readonly provider: string;
  readonly appDId: string;
  readonly softVersion: string;
  readonly descriptorVersion: string;
  /** Hexadecimal SHA-256 of the archive. */
  readonly checksum: string;
  /** The archive: a path for peers that are sent the bytes, a URI for peers that fetch. */
  readonly archive: { readonly path: string; readonly uri: string };
  /** The name by which devices find it, and the port on which every instance serves them. */
  readonly domainName: string;
  readonly port: number;
  /** Ids of the rules in its descriptor: some platforms list only those that are active. */
  readonly ruleIds: readonly string[];
  /** Names of MEC services that must be ACTIVE at the target. */
  readonly requires: readonly string[];
  /** Where the contract's calls are served; undefined: the application does not keep it. */
  readonly management: { readonly port: number } | undefined;
  /** Its provider's word that it moves its users' context itself, and how (docs/providers.md); absent: it does not. */
  readonly transfer?: 'mec021' | undefined;
  readonly stateful: boolean;
}

/** An application instance at one site. `id` is the peer's: no address, no personal data. */
export interface Instance {
  readonly id: string;
  /** The step's key, where Ferry made it. */
  readonly name: string | null;
  /** `unknown`: the peer says a word that its API does not have; it may run. */
  readonly state: 'starting' | 'started' | 'stopped' | 'notInstantiated' | 'failed' | 'unknown';
  /** Host in the site's range, port of the application; null: none is told, or none that can be used. */
  readonly endpoint: Endpoint | null;
  /** Why `endpoint` is null though it has started, as a sentence without addresses. */
  readonly unusable?: string;
}

/** What the descriptor of a package says. */
export interface Described {
  /** For which it has DNS rules. */
  readonly names: readonly string[];
  /** Has it traffic rules? Which of them can lead whom, the instance's own rules tell. */
  readonly traffic: boolean;
  /** MEC services that it cannot do without. */
  readonly requires: readonly string[];
}

export interface Packages {
  /** Is the same package (appDId, versions, checksum) there and usable? `mismatch`: the same versions, other content. */
  find(application: Application, signal: AbortSignal): Promise<'usable' | 'absent' | 'unusable' | 'mismatch'>;
  /** Is there what would have to be sent, as the configuration says it is? PackageInvalid. */
  sendable(application: Application): Promise<void>;
  /** Asks no peer. Undefined: it cannot be read here, so that only the instance tells. */
  described(application: Application): Promise<Described | undefined>;
  /** Looks before it creates; returns when it is usable. PackageInvalid, PackageMismatch, NotYet. */
  distribute(application: Application, key: string, wait: Wait): Promise<void>;
}

export interface Instances {
  /** Every instance of the application at this very site, oldest first; also those of which that cannot be told (`unusable`). */
  list(application: Application, signal: AbortSignal): Promise<readonly Instance[]>;
  /**
   * Creates under `key` (looked for first) and instantiates (open operations are looked for first); returns when it is
   * started. TargetRefused, LcmOperationFailed, WrongHost, NotYet.
   */
  instantiate(application: Application, key: string, wait: Wait): Promise<Instance>;
  /**
   * By its own id, whatever the list shows, which may lie; `gone`: nothing shows it; `another`: it is one of another
   * application, since a peer may give an id out again.
   */
  stateOf(application: Application, id: string, signal: AbortSignal): Promise<Instance['state'] | 'gone' | 'another'>;
  /** Is one that is `notInstantiated` about to be started? Where `list` says `starting`, nobody has to ask. */
  isBeingMade(id: string, signal: AbortSignal): Promise<boolean>;
  /** Re-starts a stopped one. "Already so" is success. */
  start(id: string, key: string, wait: Wait): Promise<Instance>;
  /** Stops it and keeps it, with its package. "Already so" and "not there" are success. */
  stop(id: string, key: string, wait: Wait): Promise<void>;
  /**
   * What was asked for of it, under that key where its orchestrator keeps one, and still goes on is taken back, or waited
   * for: nothing more comes of it. Else who goes back would meet what is so already, and a late stop were the last word.
   */
  withdraw(id: string, key: string, wait: Wait): Promise<void>;
  /**
   * Closes open operations, terminates and deletes that one, or where `id` is the key itself, whatever goes by it: others may
   * rely on another that does. "Not there" is success.
   */
  remove(id: string, key: string, wait: Wait): Promise<void>;
  /**
   * Has its orchestrator end it, and keeps what is known of it. `operation`: one of the orchestrator has completed that ended
   * it, whoever asked for it, and nothing is known that started it since; `written`: it is merely written down as ended, which
   * is no proof that it is. LcmOperationFailed, NotYet.
   */
  end(id: string, key: string, wait: Wait): Promise<'operation' | 'written'>;
  /** Whether a site that is left keeps a stopped instance (a cloud, GR 5.3.1) or deletes it (a MEC host). */
  readonly whenLeft: 'stop' | 'remove';
  /** Can an instance be started here at all: is the orchestrator, or for a cloud the OSS and behind it the cloud, in reach? */
  /**
   * What looks, changes nothing: where it takes an order to find out, `unknown` is the answer without `mayOrder`, unless
   * it was asked a while ago.
   */
  reach(
    application: Application,
    how: { readonly mayOrder: boolean },
    signal: AbortSignal,
  ): Promise<'reached' | 'unknown'>;
}

/** The owner of subscriptions: they carry its id, or where they carry none, lead to its address. */
export interface Owner {
  readonly instance: string;
  readonly endpoint: Endpoint;
}

/** One that is gone may have an address no more: of those without its id only what was seen before is known to be its own. */
export type Owning = Pick<Owner, 'instance'> & { readonly endpoint: Endpoint | null };

export interface SubscriptionsSeen {
  readonly held: readonly HeldSubscription[];
  readonly notCarried: readonly NotCarried[];
  /** Reached there a list in which such a one would be seen? A service may be away for a moment. */
  readonly listed: (like: Pick<Subscription, 'service' | 'type'>) => boolean;
  readonly lists: SeenInLists;
}

export interface Looking {
  readonly before?: SeenInLists;
  /** Absent: all lists there can be. Else what would be in another one is not seen, and nothing is said of it. */
  readonly among?: (list: SubscriptionList) => boolean;
}

/** Where subscriptions of these types of a service lie. */
export interface SubscriptionList {
  readonly path: string;
  readonly service: string;
  readonly types: readonly string[];
}

/** Subscriptions at the MEC services from which the instances of a site are served (for a cloud: a platform that stays). */
export interface Subscriptions {
  /**
   * What is the owner's. `notCarried` is told, never passed over: it stays behind, or nobody knows whose it is. What was
   * seen `before` is seen again, or known to be gone. NotYet: neither, or a list that was there is not.
   */
  list(owner: Owning, signal: AbortSignal, looking?: Looking): Promise<SubscriptionsSeen>;
  /** Of these, those whose service is not here, so that they cannot be made. Asked before an instance is started. */
  lacking<S extends Subscription>(subscriptions: readonly S[], signal: AbortSignal): Promise<readonly S[]>;
  /**
   * Makes for `owner` what `from` has, and reads it back. The caller has looked: there is none yet. `made` is false where
   * the service says that there is one after all; what was not made is not ours to delete. SubscriptionRefused. `left`: hears
   * of one that was made, could not be read back, and may be there still.
   */
  create(
    owner: Owner,
    subscription: Subscription,
    from: Owner,
    signal: AbortSignal,
    left?: (id: string) => void,
  ): Promise<{ readonly held: HeldSubscription; readonly made: boolean }>;
  /**
   * "Not there" is success; and of one that was `owner`'s when its id was heard, that it says to be another's now: a service
   * that begins anew gives out its ids again. What cannot be seen is deleted all the same.
   */
  remove(id: string, signal: AbortSignal, owner?: Owning): Promise<void>;
  /** Of these services, those that are not ACTIVE there. */
  missing(names: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
}

/** The application contract, asked of an instance; an application without it has a null object. */
export interface Context {
  /** What can be promised of it. */
  readonly guarantee: 'zeroLoss' | 'stateless';
  state(at: Endpoint, users: string, signal: AbortSignal): Promise<ApplicationState>;
  /** PromisedElsewhere, NotServing. With a target the source begins to copy ahead; the answer tells how far it is. */
  promise(
    at: Endpoint,
    promise: { relocation: string; users: string; target: Endpoint | null },
    signal: AbortSignal,
  ): Promise<{ users: number; copied: number }>;
  /** Introduces the source to a standby (an empty `copy`), which relays to it from now on. TargetRefused: it goes. */
  standBy(
    at: Endpoint,
    introduction: { relocation: string; users: string; source: Endpoint; epoch: number },
    signal: AbortSignal,
  ): Promise<void>;
  /** Idempotent on the relocation. KeptBySource when it was settled as kept. */
  handOver(at: Endpoint, handOver: { relocation: string; target: Endpoint }, signal: AbortSignal): Promise<Receipt>;
  /**
   * At the source: decides for ever; with `retired`, after a hand-over, it drops the context of the users it gave away.
   * At the target: drops what was copied under this relocation and not handed over.
   */
  settle(
    at: Endpoint,
    settle: { relocation: string; users: string; retired: boolean },
    signal: AbortSignal,
  ): Promise<Settled>;
  /**
   * May it be taken away? `retires`: it serves nobody and takes nobody any more, and whoever relayed to it knows better.
   * `stays`: somebody needs it, and it goes on. Asked last, right before it is stopped or deleted.
   */
  retire(
    at: Endpoint,
    retire: { relocation: string; users: string },
    signal: AbortSignal,
  ): Promise<'retires' | 'stays'>;
  /**
   * The source of these users is taken to be dead. `to` null: whoever is asked becomes their authority, with what it was
   * given; else it relays to that one, less those that it serves, which it tells. `serves`: it is the authority of all of
   * them. Idempotent on the relocation. ContractMissing where the call is unknown, TargetRefused.
   */
  supersede(at: Endpoint, supersede: Supersede, signal: AbortSignal): Promise<Superseded | 'serves'>;
}

export interface Supersede {
  readonly relocation: string;
  readonly users: string;
  readonly epoch: number;
  readonly to: Endpoint | null;
  /** False: whoever is told who takes over keeps nobody; absent: it keeps those whom it serves. */
  readonly spared?: boolean;
  /** Whom others have kept, and where. */
  readonly elsewhere: readonly { readonly user: string; readonly epoch: number; readonly to: Endpoint }[];
}

/** Whom the path is to lead where. Addresses: lives inside one activity. */
export interface Lead {
  /** The name by which devices find the application. */
  readonly name: string;
  /** Other names of it that lead the same way, and that both ends can lead (`PathSight.names`). */
  readonly aliases: readonly string[];
  /** Ids of the rules in its descriptor: some platforms list only those that are active. */
  readonly ruleIds: readonly string[];
  /** Address of the one device that moves; null: all. */
  readonly device: string | null;
  readonly from: { readonly instance: string; readonly endpoint: Endpoint };
  readonly to: { readonly instance: string; readonly endpoint: Endpoint };
  /** Every address at which devices may still look for the application, the source's included. */
  readonly former: readonly string[];
  /** Do both sites steer the same access network? */
  readonly sameNetwork: boolean;
}

/** What was found of the path to one instance, or of what a site has where there is none yet. */
export interface PathSight {
  /** Can these devices be led by this site at all: by the name, by their traffic? Probed, not assumed. */
  readonly by: { readonly name: boolean; readonly traffic: boolean };
  /** For the plan: each rule that would be turned, and what cannot be, as sentences without addresses. */
  readonly told: readonly string[];
  /** What would go on leading devices to an instance that they leave: none may be moved while there is one. */
  readonly obstacles: readonly string[];
  /** Other names that the instance has rules for; `leads`: devices are led to it by this one now. */
  readonly names: readonly { readonly name: string; readonly leads: boolean }[];
  /** Seconds for which resolvers may keep an answer. */
  readonly ttlSeconds: number;
  /** Addresses that are led to this instance already: devices may still have them. */
  readonly former: readonly string[];
  /** All of them, as they were. Addresses: lives inside one activity. */
  readonly rules: readonly Rule[];
}

/** An instance as the path knows it: by its id, and by its own address where it has one. */
export type Led = Pick<Instance, 'id' | 'endpoint'>;

/**
 * How devices are led to the instances of a site, and away from them (GR MEC 035, [5.3.2-7], [5.4.2-5], [5.4.2-6]). A
 * turn is planned once, carried out, and undone: sealed, it is what the history keeps of it.
 */
export interface Path {
  /** `instance`: null where it is yet to be made. */
  look(instance: Led | null, whom: Pick<Lead, 'name' | 'device' | 'ruleIds'>, signal: AbortSignal): Promise<PathSight>;
  /**
   * What has to change of the rules of `lead.to` (here) or of `lead.from` (away; through: it leads on to another). `earlier`: a turn that may have been carried
   * out, wholly or in part; what it found is what this one restores. `seen`: of that instance, just now; absent: it is
   * looked at.
   */
  plan(way: PathWay, lead: Lead, earlier: string | null, signal: AbortSignal, seen?: PathSight): Promise<string>;
  /** One that a later turn has taken further: its undo restores what it found itself. ReceiptUnreadable. */
  takenFurther(turn: string, later: string): string;
  /**
   * Carries it out, rule by rule, by compare-and-swap, for as long as the step is given; returns how many were changed.
   * OwnershipLost, ReceiptUnreadable.
   */
  turn(turn: string, wait: Wait): Promise<number>;
  /** Undoes exactly what the turn changes, whatever has been carried out of it; "nothing there" is success. ReceiptUnreadable. */
  turnBack(turn: string, wait: Wait): Promise<number>;
  /** Is any device led to this instance, by any active rule of its own? */
  holds(instance: Led, signal: AbortSignal): Promise<boolean>;
  /** A shared instance stays: its rules no longer name this device. */
  release(instance: string, device: string, wait: Wait): Promise<void>;
  /** The drain is over and these addresses are nobody's any more: rules of this instance no longer lead them here. */
  forget(instance: Led, addresses: readonly string[], wait: Wait): Promise<void>;
}

/** A device whose context an application has, by its own word (MEC 021, 6.2.2). Addresses: lives inside one activity. */
export interface MobileDevice {
  readonly address: string;
  /** As the application named it: it is told so. */
  readonly associate: unknown;
  readonly level: 'free' | 'confirmation' | 'forbidden';
  /** USER_CONTEXT_TRANSFER_COMPLETED. */
  readonly transferred: boolean;
}

/** What an application can be told of its mobility procedure (MEC 021, 7.4.2). */
export type MobilityTold = 'TRIGGERED' | 'COMPLETED' | 'FAILED';

/**
 * MEC 021: what the application said of its mobility, where its platform has the service (of an instance in a cloud: the
 * platform from which it is served).
 */
export interface Mobility {
  /** The strictest that it registered for these users: APP_MOBILITY_NOT_ALLOWED, _WITH_CONFIRMATION, or neither. */
  level(instance: string, device: string | null, signal: AbortSignal): Promise<'free' | 'confirmation' | 'forbidden'>;
  /** The devices that it registered; null: it registered nothing, or there is no such service. */
  registered(instance: string, signal: AbortSignal): Promise<readonly MobileDevice[] | null>;
  /** Of what it is told, at its own address: its subscriptions. */
  hears(owner: Owner, signal: AbortSignal): Promise<readonly MobilityTold[]>;
  /**
   * Tells it, at each callback that wants to hear it of these devices; returns how many took it. No published call has the service do it.
   * PeerUnavailable, PeerRejected: one of them did not take it.
   */
  tell(
    owner: Owner,
    told: {
      readonly status: MobilityTold;
      readonly devices: readonly MobileDevice[];
      /** Where to; null: they stay. */
      readonly target: Owner | null;
    },
    signal: AbortSignal,
  ): Promise<number>;
}

/** Tells devices their new endpoint (MEC 016 AddressChangeNotification, through the LCM proxy). */
export interface Notices {
  /** False: the proxy takes no such notices, or knows nobody who would have to hear it. */
  addressChanged(
    notice: { from: string; to: string; endpoint: Endpoint; application: Application; user: string },
    signal: AbortSignal,
  ): Promise<boolean>;
}

/** Who answers at an address: an instance that says who it is (`Ferry-Instance`), somebody who does not, nobody. */
export type Answering = { readonly who: 'instance'; readonly id: string } | { readonly who: 'unnamed' | 'nobody' };

/** Resolves and asks as a device in this access network would. */
export interface Vantage {
  /** Addresses and TTL in seconds; none: the name does not resolve there. */
  resolve(name: string, signal: AbortSignal): Promise<{ addresses: readonly string[]; ttl: number }>;
  answering(at: Endpoint, device: string | null, signal: AbortSignal): Promise<Answering>;
}

export interface Network {
  readonly name: string;
  /** Undefined: the switch cannot be observed there. */
  readonly vantage: Vantage | undefined;
  /** How long a resolver there may keep an answer at least, in seconds. */
  readonly resolverClampSeconds: number;
}

export interface Site {
  readonly name: string;
  readonly kind: 'mecHost' | 'cloud';
  /** The MEC system; for a cloud its own name. */
  readonly system: string;
  /** The access network in whose path its platform is; undefined for a cloud. */
  readonly network: Network | undefined;
  /** Where it is, and how far its users are from it, as declared; undefined: nobody has said. */
  readonly zone?: { readonly lat: number; readonly lon: number; readonly latencyMs?: number | undefined } | undefined;
  readonly packages: Packages;
  readonly instances: Instances;
  readonly subscriptions: Subscriptions;
  /** Undefined: nobody is led by anything of this site (a cloud). */
  readonly path: Path | undefined;
  /** The users' context at instances of this application here. */
  readonly context: (application: Application) => Context;
  readonly mobility: Mobility | undefined;
  readonly notices: Notices | undefined;
}

/** The result of probing one peer. */
export interface PeerSurvey {
  readonly name: string;
  readonly kind: string;
  readonly reachable: boolean;
  readonly detail: string;
  readonly capabilities: readonly { readonly name: string; readonly available: boolean; readonly detail: string }[];
}

/** What is known of sites, applications and devices. Throws UnknownName for what is not. */
export interface Catalogue {
  site(name: string): Promise<Site>;
  /** All of them. */
  sites(): Promise<readonly Site[]>;
  application(name: string): Promise<Application>;
  applications(): Promise<readonly Application[]>;
  /** The device's address by the user's ueIdentityTag; null where none is known. */
  device(user: string): Promise<string | null>;
}
