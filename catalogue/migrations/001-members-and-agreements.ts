import { type Kysely, type Migration, sql } from 'kysely';

/** Who is a member of the federation, on whose word, and what each side wants of it. */
export const membersAndAgreements: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  // Which configuration filled these tables: a sandbox's belong to its world
  'create table meta (world text)',
  'insert into meta values (null)',

  "create domain direction as text check (value in ('uses', 'serves'))",
  "create domain willing as text check (value in ('open', 'suspended', 'ended'))",

  // What a backup must have; all else is told again. No row: open, but `ended` for `uses` unless the partner is joined always
  `create table will (
     partner text not null,
     direction direction not null,
     ours willing not null,
     since timestamptz not null default now(),
     why text not null,
     primary key (partner, direction))`,

  `create table agreement (
     id uuid primary key default gen_random_uuid(),
     partner text not null,
     direction direction not null,
     context text,
     theirs willing,
     asked_at timestamptz,
     heard_at timestamptz,
     silent_since timestamptz,
     link_ms double precision,
     capabilities jsonb not null default '{}',
     callback_key text unique not null,
     callback_url text,
     zones_url text,
     systems_tag text,
     told_will willing,
     problem text,
     joined_at timestamptz,
     created_at timestamptz not null default now(),
     ended_at timestamptz)`,
  // Ours are unique; what partners allot is their affair, and two may allot the same
  "create unique index agreement_context on agreement (context) where direction = 'serves' and ended_at is null",
  'create unique index agreement_partner on agreement (partner, direction) where ended_at is null',

  // Ours have no agreement, and `local` is their name in the configuration
  `create table system (
     id uuid primary key default gen_random_uuid(),
     agreement uuid references agreement on delete cascade,
     foreign_id text,
     local text unique,
     name text not null,
     provider text not null,
     operator text not null,
     meo text,
     client text,
     endpoint jsonb,
     version bigint not null default 1,
     seen_at timestamptz not null default now(),
     valid_until timestamptz,
     unique (agreement, foreign_id))`,
  'create unique index system_named on system (lower(name), lower(provider)) where agreement is null',

  `create table zone (
     id uuid primary key default gen_random_uuid(),
     agreement uuid references agreement on delete cascade,
     system uuid references system on delete cascade,
     foreign_id text not null,
     at point,
     details text not null default '',
     accepted boolean not null default false,
     seen_at timestamptz not null default now(),
     valid_until timestamptz)`,
  'create unique index zone_named on zone (agreement, system, foreign_id) nulls not distinct',
  'create index zone_at on zone using gist (at)',

  // Each id that a partner gets or gives: random, of one agreement, ends with it. A zone is accepted, or not
  `create table alias (
     id uuid primary key default gen_random_uuid(),
     agreement uuid not null references agreement on delete cascade,
     kind text not null,
     inner_id uuid not null,
     accepted boolean not null default false,
     unique (agreement, kind, inner_id))`,

  // MEC 040
  `create table subscription (
     id uuid primary key default gen_random_uuid(),
     client text not null,
     callback text not null,
     systems uuid[],
     valid_until timestamptz not null)`,
  'create index subscription_client on subscription (client)',

  // One line for each thing that crossed a border between operators
  `create table ledger (
     n bigint generated always as identity primary key,
     partner text not null,
     at timestamptz not null default now(),
     kind text not null,
     role text not null,
     key text not null,
     origin text not null,
     what jsonb not null default '{}',
     outcome text not null,
     units jsonb not null default '{}',
     prev bytea,
     hash bytea not null,
     unique (partner, key, kind))`,
];
