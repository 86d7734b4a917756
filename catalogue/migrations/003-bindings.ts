import { type Kysely, type Migration, sql } from 'kysely';

/** What is consumed across operators: who uses which offer, and where notifications go. */
export const bindings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  // Of one own platform: `system` as the configuration calls it, `platform` as its MEO does. `offer` may be gone: what it was
  // stands here. A name that was ended before it was ever heard of is a row of a name alone, closed: a tombstone
  `create table binding (
     id uuid primary key default gen_random_uuid(),
     name text not null,
     side text not null check (side in ('consumer', 'producer')),
     agreement uuid references agreement on delete cascade,
     offer uuid,
     system text,
     platform text,
     kind text check (kind in ('service', 'application')),
     offer_name text,
     for_application text,
     solution text check (solution in ('federators', 'direct')),
     operator text,
     run text,
     state text not null check (state in ('admitting', 'open', 'closed')),
     path_secret text unique,
     upstream text,
     told boolean not null default false,
     exposed_as text,
     requests bigint not null default 0,
     bytes bigint not null default 0,
     asked_at timestamptz not null default now(),
     opened_at timestamptz,
     used_at timestamptz,
     closed_at timestamptz,
     why text,
     check (state = 'closed' or (offer is not null and system is not null and platform is not null
       and kind is not null and offer_name is not null and solution is not null)),
     check (state = 'closed' or (side = 'consumer') = (path_secret is not null)))`,
  'create unique index binding_named on binding (side, agreement, name) nulls not distinct',
  // One binding of what is offered by that name serves every application there: a second one is the first
  `create unique index binding_of_platform on binding (system, platform, kind, offer_name, for_application)
     nulls not distinct where side = 'consumer' and state <> 'closed'`,
  'create index binding_run on binding (run)',
  "create index binding_held on binding (agreement) where state <> 'closed'",
  'create index binding_closed on binding (closed_at)',
  // What is closed and has left something at our own peers
  "create index binding_left on binding (agreement) where state = 'closed' and (told or exposed_as is not null)",

  // A target that is notified, by an id that crosses instead of its address. `made`: at the producing side, the subscriptions
  // at the producer that belong to it
  `create table callback (
     id uuid primary key default gen_random_uuid(),
     binding uuid not null references binding on delete cascade,
     target text not null,
     made text[] not null default '{}',
     unique (binding, target))`,

  // A name is its giver's: the partner may give one that we have given, and neither line keeps the other from being written
  'alter table ledger drop constraint ledger_partner_key_kind_key, add unique (partner, key, kind, role)',
];
