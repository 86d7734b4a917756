import { anyUnheard, type OfferShown, offersShown, type Opened, systemsAnswering } from '../../catalogue/answering.ts';
import { asked } from '../../catalogue/asked.ts';
import { inOne } from '../../catalogue/database.ts';
import { note } from '../../catalogue/ledger.ts';
import { served } from '../../catalogue/serving.ts';
import { digest } from '../../configuration/digest.ts';
import { openTo } from '../../domain/policy.ts';
import { aboutOf } from '../../domain/question.ts';
import { type Query, textOf, type Via } from '../../domain/wish.ts';
import { LOOP } from '../../protocols/mff/client.ts';
import {
  MOST_OFFERS,
  MOST_SYSTEMS,
  type PlatformsAnswered,
  type SystemsAnswered,
} from '../../protocols/mff/queries.ts';
import { servedOf } from '../partners/asking.ts';
import type { DoorMeans } from '../partners/door.ts';
import { absent, suspended } from '../partners/refusals.ts';
import { HttpRefusal } from '../problem.ts';
import type { Asked, Handlers } from '../serve.ts';
import type { MffTable } from './table.ts';

/** Has our orchestrators asked; true: they were, within the time. Never throws. */
export type Refresh = (query: Query, digest: string, patienceMs: number) => Promise<boolean>;

export interface QuestionMeans extends DoorMeans {
  readonly refresh: Refresh;
}

/** What the way back needs, and the longest that a partner waits for what we have to ask. */
const WAY_BACK_MS = 500;
const LONGEST_MS = 3_000;

type Names = 'findSystems' | 'findPlatforms';

/**
 * What partners ask (GR MEC 035, 6.3.1, 6.4.3, 6.5.3 steps 8 to 10): read from the catalogue, under the policy and the aliases
 * of whoever asks. What is not found there, or was not heard of lately, is asked of our orchestrators first; what is hidden
 * is not found.
 */
export function questionHandlers(means: QuestionMeans): Handlers<MffTable, Names> {
  const { catalogue, federation, configuration, refresh } = means;
  const { operator, partners, shares, pace } = federation;
  const systems = Object.keys(configuration.systems);

  const answered = async <T>(
    { body, res }: Pick<Asked<MffTable[Names]>, 'body' | 'res'>,
    query: Query,
    look: (opened: Opened) => Promise<readonly T[]>,
  ): Promise<{ readonly found: readonly T[]; readonly heard: boolean }> => {
    const { id: agreement, partner, context } = servedOf(res);
    if (body.via.visited.includes(operator.id)) throw loop();
    const opened = { agreement, systems: openTo(shares, partner, systems), ours: systems.length };
    const unheard = await anyUnheard(catalogue, opened, pace.validSeconds);
    let found = await look(opened);
    const heard = found.length > 0 && !unheard ? true : await asking(query, body.via);
    if (found.length === 0 || unheard) {
      // It may have taken seconds: our operator may have said otherwise meanwhile
      const now = await served(catalogue, { partner, context });
      if (now === undefined) throw absent();
      if (now.ours === 'suspended') throw suspended();
      found = await look(opened);
    }
    await inOne(
      catalogue,
      async (transaction) =>
        await note(transaction, {
          partner,
          kind: 'answered',
          role: 'served',
          key: body.message,
          origin: body.via.origin,
          what: aboutOf(query),
          outcome: String(found.length),
        }),
    );
    return { found, heard };
  };

  const asking = async (query: Query, { patienceMs }: Via): Promise<boolean> => {
    const question = digest(`answer ${textOf(query)}`);
    if ((await asked(catalogue, question)) !== undefined) return true;
    return await refresh(query, question, Math.min(patienceMs - WAY_BACK_MS, LONGEST_MS));
  };

  return {
    findSystems: async ({ body, res }) => {
      const query: Query = { find: 'systems', by: body.by };
      const { found, heard } = await answered(
        { body, res },
        query,
        async (opened) => await systemsAnswering(catalogue, opened, body.by, MOST_SYSTEMS),
      );
      const answer: SystemsAnswered = {
        systems: found.map(({ system, operator: whose, devices }) => ({
          system,
          operator: whose,
          ...(devices.length > 0 && { devices: [...devices] }),
        })),
        complete: heard && found.length < MOST_SYSTEMS,
        validSeconds: pace.validSeconds,
      };
      res.json(answer);
    },
    findPlatforms: async ({ body, res }) => {
      const query: Query = { find: 'platforms', wish: body.wish };
      const { found, heard } = await answered(
        { body, res },
        query,
        async (opened) => await offersShown(catalogue, opened, body.wish, MOST_OFFERS),
      );
      const answer: PlatformsAnswered = {
        platforms: byPlatform(found),
        policy: { scope: 'mpp', atOnce: partners[servedOf(res).partner]?.atOnce ?? 1 },
        complete: heard && found.length < MOST_OFFERS,
        validSeconds: pace.validSeconds,
      };
      res.json(answer);
    },
  };
}

type PlatformShown = PlatformsAnswered['platforms'][number];

function byPlatform(offers: readonly OfferShown[]): PlatformShown[] {
  const platforms = new Map<string, PlatformShown>();
  for (const offer of offers) {
    const { platform, system, operator, lat, lon } = offer;
    const zone = lat === null || lon === null ? {} : { zone: { lat: rounded(lat), lon: rounded(lon) } };
    const shown = platforms.get(platform) ?? { platform, system, operator, ...zone, offers: [] };
    shown.offers.push(shownOf(offer));
    platforms.set(platform, shown);
  }
  return [...platforms.values()];
}

const shownOf = ({ offer, kind, name, version, state, ...more }: OfferShown): PlatformShown['offers'][number] => ({
  offer,
  kind,
  name,
  version,
  state,
  transport: more.transport ?? '',
  serializer: more.serializer ?? '',
  ...(more.latencyMs !== null && { latencyMs: Math.ceil(more.latencyMs) }),
  ...(more.bandwidthKbps !== null && { bandwidthKbps: Math.floor(more.bandwidthKbps) }),
});

/** As E/WBI tells it: some ten metres. */
const rounded = (degrees: number): number => Math.round(degrees * 10_000) / 10_000;

const loop = (): HttpRefusal =>
  new HttpRefusal(409, 'this question has been here before', 'It is answered where it came from.', {}, LOOP);
