import { type Kysely, type Migration, sql } from 'kysely';

/** What members have: zones, platforms, what these offer, and devices; and what partners were asked for. */
export const inventory: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  // When a MEO told of it, when it was looked at; counts changes of what it has, and is the tag of its inventory
  `alter table system
     add told_at timestamptz,
     add observed_at timestamptz,
     add inventory bigint not null default 0`,

  // Of the configuration: `local` is its system there, and `system` null. What a MEO tells of goes with its system
  `alter table zone
     add local text,
     add country text,
     add compute jsonb,
     add latency_ms double precision`,
  'create index zone_of on zone (system)',

  `create table platform (
     id uuid primary key default gen_random_uuid(),
     system uuid not null references system on delete cascade,
     zone uuid references zone on delete set null,
     foreign_id text not null,
     seen_at timestamptz not null default now(),
     valid_until timestamptz,
     unique (system, foreign_id))`,
  'create index platform_at on platform (zone)',

  // A service, or an instance of an application. What it repeats of its platform makes a look-up one range of an index
  `create table offer (
     id uuid primary key default gen_random_uuid(),
     platform uuid not null references platform on delete cascade,
     platform_foreign_id text not null,
     agreement uuid,
     system uuid not null,
     zone uuid references zone on delete set null,
     kind text not null check (kind in ('service', 'application')),
     foreign_id text not null,
     name text not null,
     version text not null,
     application text,
     provider text,
     category text,
     state text not null check (state in ('ACTIVE', 'INACTIVE', 'SUSPENDED')),
     transport text,
     serializer text,
     endpoint text,
     latency_ms double precision,
     bandwidth_kbps double precision,
     seen_at timestamptz not null default now(),
     valid_until timestamptz,
     unique (platform, kind, foreign_id))`,
  'create index offer_named on offer (kind, name, state, agreement, latency_ms, id)',
  `create index offer_of on offer (application, kind, state, agreement, latency_ms, id)
     where application is not null`,
  'create index offer_near on offer (zone, kind, name, state, latency_ms, id)',
  'create index offer_pool on offer (kind, name, system)',
  'create index offer_listed on offer (name, id)',

  // By its ueIdentityTag (MEC 014), never a subscriber's number
  `create table device (
     tag text not null,
     system uuid not null references system on delete cascade,
     platform uuid references platform on delete set null,
     application text,
     seen_at timestamptz not null default now(),
     valid_until timestamptz not null,
     primary key (tag, system))`,
  'create index device_of on device (system)',
  'create index device_at on device (platform)',

  // An alias goes with what it stands for, by whichever way that goes
  'create index alias_of on alias (inner_id)',
  `create function alias_gone() returns trigger language plpgsql as $$
   begin
     delete from alias where inner_id = old.id;
     return null;
   end $$`,
  ...['system', 'zone', 'platform', 'offer'].map(
    (table) => `create trigger alias_gone after delete on ${table} for each row execute function alias_gone()`,
  ),

  // A question that was put to the partners, whatever they answered
  `create table asked (
     digest text primary key,
     complete boolean not null,
     asked_at timestamptz not null default now(),
     valid_until timestamptz not null)`,
  // Systems that a partner named to a question for systems
  `create table found (
     digest text not null,
     system uuid not null references system on delete cascade,
     valid_until timestamptz not null,
     primary key (digest, system))`,
  'create index found_of on found (system)',

  // Whom there is to ask has changed: all is asked anew, and what was asked before that is kept by nobody
  "alter table meta add partners_changed_at timestamptz not null default '-infinity'",
  `create function partners_changed() returns trigger language plpgsql as $$
   begin
     delete from asked;
     update meta set partners_changed_at = clock_timestamp();
     return null;
   end $$`,
  `create trigger asked_anew after insert or update of ours on will
     for each row execute function partners_changed()`,
  `create trigger asked_anew after update of theirs, joined_at, ended_at on agreement
     for each row when ((old.theirs, old.joined_at, old.ended_at) is distinct from (new.theirs, new.joined_at, new.ended_at))
     execute function partners_changed()`,
  // What is not valid any more is deleted after a day
  ...['zone', 'platform', 'offer', 'device', 'asked', 'found'].map(
    (table) => `create index ${table}_until on ${table} (valid_until) where valid_until is not null`,
  ),
];
