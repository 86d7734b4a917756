import { type RawBuilder, sql } from 'kysely';
import type { Binding, Bindings, BindingTended, Reservation } from '../activities/federation/consumption.ts';
import type { Federation } from '../configuration/federation.ts';
import { Refusal } from '../domain/failures.ts';
import type { Direction, Will } from '../domain/federation.ts';
import { mayUse } from '../domain/policy.ts';
import { candidatesOf, offered } from './bindable.ts';
import * as rows from './bindings.ts';
import type { Binding as BindingRow } from './bound.ts';
import { subscriptionsOf, unsubscribed } from './callbacks.ts';
import { asking, type Catalogue, inOne } from './database.ts';
import { noteClosed, reachedUnder, roleOf } from './binding-lines.ts';
import { type Line, note, noteAll } from './ledger.ts';
import { UNSEEN } from './paths.ts';
import { unsaid } from './wills.ts';

/** The catalogue, for consuming what partners offer, and for admitting those who consume ours. */
export function bindingsOf(catalogue: Catalogue, federation: Federation): Bindings {
  const { partners, operator } = federation;

  const one = async (id: string, within = catalogue): Promise<Binding | null> => {
    const [row] = await joined(within, sql`binding.id = ${id}::uuid`);
    return row === undefined ? null : whole(row);
  };

  const all = async (partner: string, which: RawBuilder<unknown>): Promise<readonly BindingTended[]> => {
    const found = await joined(
      catalogue,
      sql`agreement.partner = ${partner} and binding.kind is not null and ${which}`,
    );
    return found.flatMap((row) => {
      const binding = whole(row);
      if (binding === null) return [];
      const { side, system: of, what } = binding;
      const isShared = side === 'consumer' || mayUse(federation.shares, { of, with: partner, ...what });
      return [{ ...binding, idle: row.unused > federation.pace.idleSeconds, isShared, owed: row.owed }];
    });
  };

  /** With our will as it is now; a tombstone is nobody's. */
  const whole = (row: Joined): Binding | null => {
    const { partner, direction, system, platform, kind, offer_name, operator: other, agreement } = row;
    if (system === null || platform === null || kind === null || offer_name === null || agreement === null) return null;
    const ours = row.ours ?? unsaid(direction, partners[partner]?.join === 'always');
    return {
      id: row.id,
      name: row.name,
      side: row.side,
      state: row.state,
      why: row.why,
      agreement,
      partner,
      ours,
      system,
      platform,
      context: row.context,
      theirs: row.theirs,
      what: {
        kind,
        name: offer_name,
      },
      forApplication: row.for_application,
      operator: other ?? '',
      told: row.told,
      exposedAs: row.exposed_as,
      pathSecret: row.path_secret,
      offer:
        row.alias === null
          ? null
          : {
              alias: row.alias,
              platformAlias: row.platform_alias ?? '',
              version: row.version ?? '',
              serializer: row.serializer ?? 'JSON',
              endpoint: row.endpoint,
            },
    };
  };

  const line = ({ partner, side, name: key, what }: Binding, kind: 'announced' | 'opened', outcome: string): Line => ({
    partner,
    kind,
    role: roleOf(side),
    key,
    origin: side === 'consumer' ? operator.id : (partners[partner]?.operator ?? ''),
    what,
    outcome,
  });

  return {
    candidates: async (wish) => await candidatesOf(catalogue, federation, wish),

    async reserve({ name, run, offer, system, platform, forApplication }: Reservation): Promise<Binding> {
      const { agreement, kind, name: offer_name, operator: whose } = await offered(catalogue, offer);
      const row = await rows.reserve(catalogue, {
        name,
        run,
        offer,
        system,
        platform,
        agreement,
        kind,
        offer_name,
        for_application: forApplication,
        solution: 'federators',
        operator: whose,
      });
      const binding = await one(row.id);
      if (binding === null) throw new Refusal('NothingFound', 'its agreement has ended');
      return binding;
    },

    one: async (id) => await one(id),
    announced: async (id) =>
      await inOne(catalogue, async (transaction) => {
        const binding = await one(id, transaction);
        if (binding !== null) await note(transaction, line(binding, 'announced', 'announced'));
      }),

    /** With its line in the ledger, or not at all. */
    opened: async (id, upstream) =>
      await inOne(catalogue, async (transaction) => {
        if (!(await rows.opened(transaction, id, upstream))) return false;
        const binding = await one(id, transaction);
        if (binding !== null) await note(transaction, line(binding, 'opened', 'open'));
        return true;
      }),
    close: async (id, why) => void (await rows.close(catalogue, id, why)),
    closeRun: async (run, why) => await rows.closeRun(catalogue, run, why),

    /** What of it the partner has heard, and we have not: late, and in its order. */
    withdrawn: async (id, was) =>
      await inOne(catalogue, async (transaction) => {
        const binding = await one(id, transaction);
        const first = await rows.isOver(transaction, id);
        if (binding === null || was === null) return;
        if (was === 'nothing') {
          if (first && (await reachedUnder(transaction, binding)) !== 'nothing')
            await rows.add(transaction, id, 'its ledger has no line of it, as ours has: was it set back?');
          return;
        }
        const announced = line(binding, 'announced', 'announced');
        await noteAll(transaction, was === 'opened' ? [announced, line(binding, 'opened', 'open')] : [announced]);
        await noteClosed(transaction, [id]);
      }),
    async reached(partner, name) {
      const side = 'consumer';
      const here = await reachedUnder(catalogue, { partner, side, name });
      if (here !== 'nothing') return here;
      // The configuration may have called it otherwise
      const before = await asking(
        catalogue
          .selectFrom('binding')
          .innerJoin('agreement', 'agreement.id', 'binding.agreement')
          .select('agreement.partner')
          .where('binding.side', '=', side)
          .where('binding.name', '=', name)
          .executeTakeFirst(),
      );
      return before === undefined ? here : await reachedUnder(catalogue, { ...before, side, name });
    },
    told: async (id, is) => await rows.told(catalogue, id, is),
    exposed: async (id, as) => await rows.exposed(catalogue, id, as),

    held: async (partner) => await all(partner, sql`binding.state <> 'closed'`),
    left: async (partner) =>
      await all(
        partner,
        sql`binding.state = 'closed' and (binding.told or binding.exposed_as is not null
          or binding.owed or exists (
          select from callback where callback.binding = binding.id and (callback.made <> '{}' or exists (
            select from callback_asked where callback = callback.id and unanswered > 0))))`,
      ),

    async replaced(id) {
      const { rows: made } = await asking(
        sql`update binding set offer = other.id, upstream = other.endpoint
          from offer as other join platform on platform.id = other.platform join system on system.id = platform.system
          where binding.id = ${id}::uuid and binding.state <> 'closed' and other.agreement is null
            and system.local = binding.system and platform.foreign_id = binding.platform
            and other.kind = binding.kind and other.name = binding.offer_name and other.state = 'ACTIVE'
            and other.endpoint is not null and other.transport = ${REST} and coalesce(other.valid_until > now(), true)
          returning binding.id`.execute(catalogue),
      );
      return made.length > 0;
    },

    subscriptions: async (id) => await subscriptionsOf(catalogue, id),
    unsubscribed: async (id, ended) => await unsubscribed(catalogue, id, ended),
    async unbound(names) {
      if (names.length === 0) return [];
      const used = await asking(
        catalogue
          .selectFrom('binding')
          .select('name')
          .where('side', '=', 'consumer')
          .where('state', '!=', 'closed')
          .where(sql<boolean>`name = any(${[...names]}::text[])`)
          .execute(),
      );
      const known = new Set(used.map(({ name }) => name));
      return names.filter((name) => !known.has(name));
    },
    sweep: async () => await rows.sweep(catalogue),
  };
}

/** What gateways carry. */
const REST = 'REST_HTTP';

type Joined = BindingRow & {
  readonly partner: string;
  readonly direction: Direction;
  readonly context: string | null;
  readonly theirs: Binding['theirs'];
  /** What our operator has said of it; null: nothing. */
  readonly ours: Will | null;
  /** By the clock of the database, in seconds. */
  readonly unused: number;
  readonly alias: string | null;
  readonly platform_alias: string | null;
  readonly version: string | null;
  readonly serializer: string | null;
  readonly endpoint: string | null;
};

/**
 * A row with what is known of its partner and of its offer now. An offer that is out of date is no reason to end what is open;
 * one that its orchestrator does not tell of any more is gone, once no gateway waits for it. Each is looked up by its index: who
 * knows of few offers, as they were when they were counted last, would compare all with all.
 */
async function joined(catalogue: Catalogue, which: RawBuilder<unknown>): Promise<readonly Joined[]> {
  const { rows: found } = await asking(
    sql<Joined>`
      select binding.*, agreement.partner, agreement.direction, agreement.theirs,
        case when agreement.ended_at is null then agreement.context end as context,
        offer.foreign_id as alias, platform.foreign_id as platform_alias, offer.version, offer.serializer,
        case when offer.state = 'ACTIVE' and (source.told_at is null or
          coalesce(offer.valid_until > now() - ${UNSEEN}::interval, true)) then offer.endpoint end as endpoint,
        will.ours, extract(epoch from now() - greatest(binding.used_at, binding.opened_at, binding.asked_at))::float8 as unused
      from binding join agreement on agreement.id = binding.agreement
      left join will on will.partner = agreement.partner and will.direction = agreement.direction
      left join lateral (select * from offer where offer.id = binding.offer offset 0) as offer on true
      left join lateral (select * from platform where platform.id = offer.platform offset 0) as platform on true
      left join lateral (select * from system where system.id = offer.system offset 0) as source on true
      where ${which}`.execute(catalogue),
  );
  return found;
}
