import { sql } from 'kysely';
import type { Askable, Findings, PlatformsFound, SystemsFound } from '../activities/federation/questions.ts';
import type { Federation } from '../configuration/federation.ts';
import { aboutOf } from '../domain/question.ts';
import { answered, asked, nowOf } from './asked.ts';
import { asking, type Catalogue, inOne } from './database.ts';
import { candidates, systemsBy } from './finding.ts';
import { note } from './ledger.ts';
import { platformsTold, systemsTold } from './told.ts';
import { type Usable, usableAgreements } from './usable.ts';

/** Of a discovery: more are not counted. */
export const MOST = 200;

/** A partner that is being joined is waited for by whoever else misses something meanwhile. */
const FORMING_SECONDS = 20;

/** The catalogue, for finding what there is in the federation. */
export function findingsOf(catalogue: Catalogue, federation: Federation): Findings {
  const { partners, pace, operator } = federation;
  const usable = async (): Promise<readonly Usable[]> => await usableAgreements(catalogue, federation);

  return {
    now: async () => await nowOf(catalogue),
    async count(query, digest) {
      const seen = { theirs: await usable(), limit: MOST };
      const found =
        query.find === 'systems'
          ? await systemsBy(catalogue, query.by, { ...seen, digest })
          : await candidates(catalogue, query.wish, seen);
      return found.length;
    },
    asked: async (digest) => (await asked(catalogue, digest)) ?? null,
    async askable() {
      const contexts = await contextsOf(catalogue, await usable());
      return contexts.toSorted(
        (one, other) => one.asked - other.asked || preferenceOf(other) - preferenceOf(one) || compared(one, other),
      );
    },
    async asking(chosen) {
      await turnTaken(catalogue, chosen);
    },
    async joinable() {
      const onMiss = Object.keys(partners).filter((partner) => partners[partner]?.join === 'onMiss');
      return await unjoined(catalogue, onMiss);
    },
    async wantOnMiss(partner) {
      const open = { partner, direction: 'uses', ours: 'open', why: 'miss' } as const;
      await asking(
        catalogue
          .insertInto('will')
          .values(open)
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      );
    },
    async notUsable(wanted) {
      const there = new Set((await usable()).map(({ partner }) => partner));
      return wanted.filter((partner) => !there.has(partner));
    },
    async learned({ agreement }, digest, answer) {
      const believed = { ...answer, validSeconds: Math.min(answer.validSeconds, pace.validSeconds) };
      return isOfSystems(believed)
        ? await systemsTold(catalogue, agreement, digest, believed)
        : await platformsTold(catalogue, agreement, believed);
    },
    async answered(digest, { complete, seconds, since }) {
      await answered(catalogue, { digest, complete, seconds, since });
    },
    async note({ partner }, { message, query }, said) {
      await inOne(
        catalogue,
        async (transaction) =>
          await note(transaction, {
            partner,
            kind: 'asked',
            role: 'asked',
            key: message,
            origin: operator.id,
            what: aboutOf(query),
            outcome: said,
          }),
      );
    },
  };

  function preferenceOf({ partner }: Askable): number {
    return partners[partner]?.preference ?? 0;
  }
}

const compared = (one: Askable, other: Askable): number => (one.partner < other.partner ? -1 : 1);

const isOfSystems = (answer: SystemsFound | PlatformsFound): answer is SystemsFound => 'systems' in answer;

/** With when a question was put to it last; 0: never. */
async function contextsOf(
  catalogue: Catalogue,
  usable: readonly Usable[],
): Promise<(Askable & { readonly asked: number })[]> {
  const rows = await asking(
    catalogue
      .selectFrom('agreement')
      .select([
        'id',
        'partner',
        'context',
        sql<number>`coalesce((capabilities ->> 'questionAt')::float8, 0)`.as('asked'),
      ])
      .where(sql<boolean>`id = any(${usable.map(({ id }) => id)}::uuid[])`)
      .where('ended_at', 'is', null)
      .execute(),
  );
  return rows.flatMap(({ id: agreement, partner, context, asked: at }) =>
    context === null ? [] : [{ agreement, partner, context, asked: at }],
  );
}

/** Whoever was asked waits for those who were not. Of whom something is being written the turn stays: nobody waits for that. */
async function turnTaken(catalogue: Catalogue, chosen: readonly Askable[]): Promise<void> {
  await asking(
    catalogue
      .updateTable('agreement')
      .set({
        capabilities: sql`capabilities || jsonb_build_object('questionAt', extract(epoch from clock_timestamp())::float8)`,
      })
      .where(
        sql<boolean>`id in (select id from agreement where id = any(${chosen.map(({ agreement }) => agreement)}::uuid[])
          order by id for no key update skip locked)`,
      )
      .execute(),
  );
}

/** Of whom nobody has ever said anything, or whom somebody who missed something is just having joined. */
async function unjoined(catalogue: Catalogue, partners: readonly string[]): Promise<readonly string[]> {
  if (partners.length === 0) return [];
  const { rows } = await asking(
    sql<{ partner: string }>`
      select wanted.partner from unnest(${partners}::text[]) as wanted (partner)
      left join will on will.partner = wanted.partner and will.direction = 'uses'
      left join agreement on agreement.partner = wanted.partner and agreement.direction = 'uses'
        and agreement.ended_at is null
      where will.ours is null or (will.ours = 'open' and agreement.joined_at is null
        and will.since > now() - make_interval(secs => ${FORMING_SECONDS}))
      order by wanted.partner`.execute(catalogue),
  );
  return rows.map(({ partner }) => partner);
}
