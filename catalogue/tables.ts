import type { ColumnType, Generated } from 'kysely';
import type { BindingSide, BindingState, Solution } from '../domain/binding.ts';
import type { Direction, Will } from '../domain/federation.ts';

/** An instant of the database's clock: nobody else's is believed. */
type Instant = ColumnType<Date, Date | undefined, Date>;
type Late = ColumnType<Date | null, Date | null | undefined, Date | null>;
type Json<T> = ColumnType<T, string | undefined, string>;

export interface Tables {
  /** `partners_changed_at`: since then there are others to ask, or other answers. */
  meta: { world: string | null; partners_changed_at: Instant };
  will: { partner: string; direction: Direction; ours: Will; since: Instant; why: string };
  agreement: {
    id: Generated<string>;
    partner: string;
    direction: Direction;
    /** Whom it is with; null: it was made before that was kept. */
    operator: string | null;
    /** The federationContextId, allotted by the serving side; null until it answered. */
    context: string | null;
    theirs: Will | null;
    asked_at: Late;
    heard_at: Late;
    silent_since: Late;
    link_ms: number | null;
    capabilities: Json<Record<string, unknown>>;
    /** Ends the links that we give: 32 random bytes. */
    callback_key: string;
    /** The partner's partnerStatusLink. */
    callback_url: string | null;
    /** The partner's availZoneNotifLink. */
    zones_url: string | null;
    systems_tag: string | null;
    /** Of the zones that it offered last; null: not asked for since it was joined, or it has none. */
    zones_tag: string | null;
    told_will: Will | null;
    problem: string | null;
    /** All of joining was done: zones accepted, systems exchanged. */
    joined_at: Late;
    created_at: Instant;
    ended_at: Late;
  };
  system: {
    id: Generated<string>;
    /** Null: ours. */
    agreement: string | null;
    foreign_id: string | null;
    /** Name in the configuration. */
    local: string | null;
    name: string;
    provider: string;
    operator: string;
    meo: string | null;
    client: string | null;
    endpoint: ColumnType<unknown, string | null | undefined, string | null>;
    version: Generated<string>;
    /** When its MEO told what it has, and when that was looked at by ourselves. */
    told_at: Late;
    observed_at: Late;
    /** Counts changes of what it has. */
    inventory: Generated<string>;
    seen_at: Instant;
    valid_until: Late;
  };
  zone: {
    id: Generated<string>;
    agreement: string | null;
    system: string | null;
    foreign_id: string;
    at: ColumnType<{ x: number; y: number } | null, string | null | undefined, string | null>;
    details: Generated<string>;
    /** Of the configuration: its system there. */
    local: string | null;
    country: string | null;
    compute: ColumnType<unknown, string | null | undefined, string | null>;
    latency_ms: number | null;
    accepted: Generated<boolean>;
    seen_at: Instant;
    valid_until: Late;
  };
  platform: {
    id: Generated<string>;
    system: string;
    zone: string | null;
    /** Of ours: the host's id at its MEO. */
    foreign_id: string;
    seen_at: Instant;
    valid_until: Late;
  };
  offer: {
    id: Generated<string>;
    platform: string;
    /** These four repeat the platform's. */
    platform_foreign_id: string;
    agreement: string | null;
    system: string;
    zone: string | null;
    kind: OfferKind;
    foreign_id: string;
    name: string;
    version: string;
    /** Of a service: what produces it. Of an application: its appDId. */
    application: string | null;
    provider: string | null;
    category: string | null;
    state: OfferState;
    transport: string | null;
    serializer: string | null;
    /** Of ours alone. */
    endpoint: string | null;
    latency_ms: number | null;
    bandwidth_kbps: number | null;
    seen_at: Instant;
    valid_until: Late;
  };
  device: {
    tag: string;
    system: string;
    platform: string | null;
    application: string | null;
    seen_at: Instant;
    valid_until: Date;
  };
  asked: {
    digest: string;
    complete: boolean;
    asked_at: Instant;
    valid_until: Date;
  };
  /** Systems that a partner named to a question. */
  found: { digest: string; system: string; valid_until: Date };
  alias: {
    id: Generated<string>;
    agreement: string;
    kind: 'system' | 'zone' | 'platform' | 'offer';
    inner_id: string;
    /** Of a zone: the partner takes it. */
    accepted: Generated<boolean>;
  };
  subscription: {
    id: Generated<string>;
    client: string;
    callback: string;
    root: string;
    /** Null: all. */
    systems: string[] | null;
    /** How often it could not be told, and when it is tried again. */
    failed: Generated<number>;
    again_at: Late;
    valid_until: Date;
  };
  notice: { subscription: string; system: string; n: Generated<string>; name: string; provider: string };
  binding: {
    id: Generated<string>;
    /** A step key: another run, another name. */
    name: string;
    side: BindingSide;
    agreement: string | null;
    /** The row may be gone: what it was stands here. */
    offer: string | null;
    /** The own system by its name in the configuration, and its platform by the MEO's name for it. */
    system: string | null;
    platform: string | null;
    kind: 'service' | 'application' | null;
    offer_name: string | null;
    for_application: string | null;
    solution: Solution | null;
    /** Who is at the other end. */
    operator: string | null;
    run: string | null;
    state: BindingState;
    /** Of a consumer: the part of its address that nobody can guess. */
    path_secret: string | null;
    /** Of a producer: where it is reached. */
    upstream: string | null;
    /** Our own orchestrator may have been told of it. */
    told: Generated<boolean>;
    /** Of a consumer: the partner may have it, and has not said yet that it is over. */
    owed: Generated<boolean>;
    /** The service's id at the own platform. */
    exposed_as: string | null;
    requests: Generated<string>;
    bytes: Generated<string>;
    asked_at: Instant;
    opened_at: Late;
    used_at: Late;
    closed_at: Late;
    why: string | null;
  };
  callback: {
    id: Generated<string>;
    binding: string;
    target: string;
    /** Subscriptions at the producer that notify it. */
    made: Generated<string[]>;
  };
  /** Where the producer is asked, or was, for a subscription that notifies it. */
  callback_asked: {
    callback: string;
    at: string;
    /** How often, without an answer that tells what became of it. */
    unanswered: Generated<number>;
  };
  ledger: {
    n: Generated<string>;
    partner: string;
    at: Instant;
    kind: LedgerKind;
    role: 'asked' | 'served';
    key: string;
    origin: string;
    what: Json<unknown>;
    outcome: string;
    units: Json<unknown>;
    prev: Buffer | null;
    hash: Buffer;
  };
}

export type OfferKind = 'service' | 'application';
export type OfferState = 'ACTIVE' | 'INACTIVE' | 'SUSPENDED';

export type LedgerKind =
  | 'joined'
  | 'suspended'
  | 'resumed'
  | 'left'
  | 'refused'
  | 'asked'
  | 'answered'
  | 'announced'
  | 'opened'
  | 'closed';
