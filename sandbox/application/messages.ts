import type { Intervals } from './intervals.ts';

/** An instance, by its management endpoint as a URI has it: an address of IPv6 in brackets. */
export type Peer = string;

/** Of any port of it: as a URI has it. */
export const peerAt = (host: string, port: number): Peer => `${host.includes(':') ? `[${host}]` : host}:${port}`;

export function endpointOf(peer: Peer): { host: string; port: number } {
  const colon = peer.lastIndexOf(':');
  return { host: peer.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(peer.slice(colon + 1)) };
}

/** Every user of an instance that it does not list by name. */
export const ALL = '*';

/** What one instance tells another of a user: his context, from his authority; or where he is instead. */
export type Entry = ContextEntry | RouteEntry;
export interface ContextEntry {
  readonly user: string;
  readonly epoch: number;
  readonly accepted: Intervals;
  /** The device's address, where the provider gave one. */
  readonly address: string | null;
}
export interface RouteEntry {
  readonly user: string;
  readonly epoch: number;
  readonly to: Peer;
}
export const isContext = (entry: Entry): entry is ContextEntry => 'accepted' in entry;

export interface Copy {
  readonly relocation: string;
  readonly users: string;
  readonly source: Peer;
  readonly chunk: readonly Entry[];
  /** With an introduction: the source's, as whoever introduces it has read it. */
  readonly epoch?: number;
}

/**
 * The source of these users is taken to be dead. `to`: the instance that takes over; null: whoever is told so itself.
 * `spared`: what it serves it keeps. `elsewhere`: whom others have kept.
 */
export interface Supersede {
  readonly relocation: string;
  readonly users: string;
  readonly epoch: number;
  readonly to: Peer | null;
  readonly spared: boolean;
  readonly elsewhere: readonly RouteEntry[];
}

/** The last delta. `total` lets the target see that with it, it has everything. */
export interface Prepare {
  readonly relocation: string;
  readonly users: string;
  readonly source: Peer;
  readonly number: number;
  readonly entries: readonly Entry[];
  readonly total: { readonly entries: number; readonly count: number };
}

/** `whole`: everything once more, for a target that no longer has what it was given. */
export interface Commit {
  readonly relocation: string;
  readonly number: number;
  readonly whole: Prepare | null;
}

/** An instance is about to go: where those are whom it relays, and which other instances it knows. */
export interface Leaving {
  readonly instance: Peer;
  /** Of this farewell: it may stay, and take leave another time. */
  readonly number: number;
  readonly users: readonly RouteEntry[];
  readonly peers: readonly Peer[];
}

/** `of`: each user that was given, with the writes accepted of him; `*` where those not listed were given as well. */
export interface Receipt {
  readonly relocation: string;
  readonly epoch: number;
  readonly users: number;
  readonly count: number;
  readonly of: readonly { readonly user: string; readonly count: number }[];
  readonly freezeMs: number;
}

/** What a relaying instance knows: the epoch of this user, or of all that are not listed. */
export interface Fence {
  readonly epoch: number;
  readonly all: boolean;
}

/** A client's write, or a look (`number` null). `hops`: how often it was relayed. */
export interface ClientRequest {
  readonly id: number;
  readonly user: string;
  readonly number: number | null;
  readonly hops: number;
  readonly fence: Fence | null;
}

/** What happens to an instance. `id`: who waits for an answer. `at`: the caller's clock, in milliseconds. */
export type Event =
  | ({ readonly kind: 'request' } & ClientRequest)
  | { readonly kind: 'learned'; readonly user: string; readonly epoch: number; readonly at: Peer }
  | { readonly kind: 'found'; readonly id: number; readonly users: Readonly<Record<string, string>> }
  | {
      readonly kind: 'promise';
      readonly id: number;
      readonly relocation: string;
      readonly users: string;
      readonly target: Peer | null;
    }
  | ({ readonly kind: 'copy'; readonly id: number } & Copy)
  | {
      readonly kind: 'copied';
      readonly relocation: string;
      readonly target: Peer;
      readonly entries: readonly Entry[];
    }
  | {
      readonly kind: 'handOver';
      readonly id: number;
      readonly relocation: string;
      readonly target: Peer;
      readonly at: number;
    }
  | ({ readonly kind: 'prepare'; readonly id: number } & Prepare)
  | {
      readonly kind: 'prepared';
      readonly relocation: string;
      readonly number: number;
      readonly answer: 'yes' | 'incomplete' | 'refused' | 'silent';
      readonly at: number;
    }
  | { readonly kind: 'limit'; readonly relocation: string; readonly number: number }
  | ({ readonly kind: 'commit'; readonly id: number } & Commit)
  | { readonly kind: 'committed'; readonly relocation: string; readonly number: number }
  | {
      readonly kind: 'settle';
      readonly id: number;
      readonly relocation: string;
      /** Null: those of the relocation, where it is known. */
      readonly users: string | null;
      readonly retired: boolean;
    }
  | ({ readonly kind: 'supersede'; readonly id: number } & Supersede)
  | { readonly kind: 'retire'; readonly id: number; readonly relocation: string }
  /** `peers`: whom the one that has heard knows. */
  | { readonly kind: 'heard'; readonly number: number; readonly peer: Peer; readonly peers: readonly Peer[] }
  | { readonly kind: 'farewellLimit'; readonly number: number }
  | ({ readonly kind: 'leaving'; readonly id: number } & Leaving)
  | { readonly kind: 'left'; readonly id: number; readonly instance: Peer };

export type EventOf<Kind extends Event['kind']> = Extract<Event, { kind: Kind }>;

/** Why an instance says no. */
export type Refused =
  | 'NoAuthority'
  | 'TooManyHops'
  | 'NotServing'
  | 'PromisedElsewhere'
  | 'NotPromised'
  | 'Kept'
  | 'TargetSilent'
  | 'TargetRefused'
  | 'Authority'
  | 'Outdated'
  | 'Incomplete'
  | 'NotPrepared'
  | 'Retiring';

/** What has to be done about it. A request that gets none waits for the end of a freeze. */
export type Effect =
  | {
      readonly kind: 'serve';
      readonly id: number;
      readonly user: string;
      readonly number: number | null;
      readonly accepted: Intervals;
      readonly epoch: number;
      /** False: this number had been accepted before. */
      readonly fresh: boolean;
    }
  | { readonly kind: 'relay'; readonly id: number; readonly to: Peer; readonly hops: number; readonly fence: Fence }
  | { readonly kind: 'answer'; readonly id: number; readonly body: object | null }
  | { readonly kind: 'refuse'; readonly id: number; readonly refused: Refused; readonly relocation: string | null }
  | { readonly kind: 'copyAhead'; readonly relocation: string }
  | { readonly kind: 'freeze'; readonly relocation: string; readonly number: number }
  | { readonly kind: 'prepare'; readonly to: Peer; readonly prepare: Prepare }
  | { readonly kind: 'commit'; readonly to: Peer; readonly relocation: string }
  /** It begins to tell that it goes; that must not last for ever. */
  | { readonly kind: 'farewell'; readonly number: number }
  | { readonly kind: 'tell'; readonly to: Peer; readonly leaving: Leaving }
  | { readonly kind: 'left'; readonly to: Peer };

export const refuse = (id: number, refused: Refused, relocation: string | null = null): Effect => ({
  kind: 'refuse',
  id,
  refused,
  relocation,
});
