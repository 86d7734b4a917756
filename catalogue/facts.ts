import { sql } from 'kysely';
import type { Agreement, Facts, Standing } from '../activities/federation/ports.ts';
import type { Federation } from '../configuration/federation.ts';
import type { Direction } from '../domain/federation.ts';
import * as agreements from './agreements.ts';
import { asking, type Catalogue, inOne } from './database.ts';
import { systemsLearned, zonesAccepted, zonesLearned, zonesOf } from './learned.ts';
import { type Line, note } from './ledger.ts';
import { dueInMs } from './notices.ts';
import { tidy } from './tidying.ts';
import { willTowards } from './wills.ts';

/** The catalogue, for tending partners. */
export function factsOf(catalogue: Catalogue, federation: Pick<Federation, 'partners' | 'pace' | 'operator'>): Facts {
  const { partners, pace, operator } = federation;

  const standing = async (partner: string, direction: Direction): Promise<Standing> => {
    const joins = partners[partner]?.join === 'always';
    const [{ ours }, agreement] = await Promise.all([
      willTowards(catalogue, { partner, direction, joins }),
      agreements.agreementWith(catalogue, { partner, direction }),
    ]);
    return { ours, agreement: agreement ?? null, forgotten: agreement !== undefined && (await isForgotten(agreement)) };
  };

  const isForgotten = async ({ id }: Agreement): Promise<boolean> => {
    const quiet = sql`case direction when 'uses' then silent_since else coalesce(heard_at, created_at) end`;
    const found = await asking(
      catalogue
        .selectFrom('agreement')
        .select('id')
        .where('id', '=', id)
        .where(sql<boolean>`${quiet} < now() - make_interval(days => ${pace.forgetDays})`)
        .executeTakeFirst(),
    );
    return found !== undefined;
  };

  const line = (agreement: Agreement, kind: Line['kind'], outcome: string): Line => ({
    partner: agreement.partner,
    kind,
    role: agreement.direction === 'uses' ? 'asked' : 'served',
    key: agreement.id,
    origin: agreement.direction === 'uses' ? operator.id : (partners[agreement.partner]?.operator ?? ''),
    what: { direction: agreement.direction },
    outcome,
  });

  const among = Object.keys(partners);

  /** With its line in the ledger, or not at all. */
  const noted = async (change: (transaction: Catalogue) => Promise<boolean>, told: Line): Promise<void> =>
    await inOne(catalogue, async (transaction) => {
      if (await change(transaction)) await note(transaction, told);
    });

  return {
    async look(partner) {
      const { rows } = await asking(
        sql<{ at: Date }>`select date_trunc('milliseconds', clock_timestamp()) as at`.execute(catalogue),
      );
      const [uses, serves] = await Promise.all([standing(partner, 'uses'), standing(partner, 'serves')]);
      return { at: rows[0]?.at ?? new Date(0), uses, serves };
    },
    async begin(partner) {
      const whose = partners[partner]?.operator;
      return await agreements.begin(catalogue, {
        partner,
        direction: 'uses',
        ...(whose !== undefined && { operator: whose }),
      });
    },
    asking: async (agreement) => await agreements.askedFor(catalogue, agreement),
    async contextGiven(agreement, joined) {
      // Whoever has the context does not ask for it, and so for what is offered, again
      return await inOne(catalogue, async (transaction) => {
        await sql`select pg_advisory_xact_lock(hashtextextended(${`context ${joined.context}`}, 0))`.execute(
          transaction,
        );
        const other = await agreements.namesake(transaction, agreement, { context: joined.context, among });
        if (other === null && (await agreements.contextGiven(transaction, agreement, joined)))
          await zonesLearned(transaction, agreement, joined.zones, null);
        return other;
      });
    },
    namesake: async (agreement, context) => await agreements.namesake(catalogue, agreement, { context, among }),
    heard: async (agreement, askedAt, heard) => await agreements.heard(catalogue, agreement, askedAt, heard),
    silent: async (agreement, askedAt, problem) => await agreements.silent(catalogue, agreement, askedAt, problem),
    zonesLearned: async (agreement, zones, tag) => await zonesLearned(catalogue, agreement, zones, tag),
    zonesToAccept: async (agreement) => await zonesOf(catalogue, agreement, { accepted: false, offered: true }),
    zonesAccepted: async (agreement, zones) => await zonesAccepted(catalogue, agreement, zones, true),
    zonesToGiveBack: async (agreement) => await zonesOf(catalogue, agreement, { accepted: true, offered: false }),
    zonesGivenBack: async (agreement, zones) => await zonesAccepted(catalogue, agreement, zones, false),
    acceptedZones: async (agreement) => await zonesOf(catalogue, agreement, { accepted: true }),
    systemsLearned: async (agreement, learned) => void (await systemsLearned(catalogue, agreement, learned)),
    isNews: async () => (await dueInMs(catalogue)) === 0,
    joined: async (agreement) =>
      await noted(
        async (transaction) => await agreements.joinedNow(transaction, agreement),
        line(agreement, 'joined', 'joined'),
      ),
    willTold: async (agreement, will) => await agreements.willTold(catalogue, agreement, will),
    problem: async (agreement, problem) => await agreements.problemOf(catalogue, agreement, problem),
    refused: async (agreement, problem) =>
      await noted(
        async (transaction) => {
          await agreements.problemOf(transaction, agreement, problem);
          return true;
        },
        line(agreement, 'refused', 'refused'),
      ),
    end: async (agreement, why) =>
      await noted(
        async (transaction) => await agreements.end(transaction, agreement, why),
        line(agreement, 'left', why),
      ),
    forget: async () => {
      await agreements.forget(catalogue, pace.forgetDays);
      await tidy(catalogue);
    },
  };
}
