import { join } from 'node:path';
import { candidates } from '../catalogue/finding.ts';
import { startPostgres } from '../servers/postgres.ts';
import { type Measure, METHOD, type Point } from './harness/measure.ts';
import { median } from './harness/statistics.ts';
import { churning } from './look-up/churn.ts';
import { bytesOnDisk, type Filled, filled, pagesRead, type What, wishes } from './look-up/filled.ts';
import { fiveTables } from './look-up/five-tables.ts';
import { portOfBench } from './stage/ports.ts';

interface Asked extends Point {
  readonly what: What;
  /** Changes a second meanwhile. */
  readonly changes: number;
}

const FEW = 100;
const many = (quick: boolean): number => (quick ? 30_000 : 1_000_000);
/** Of one block: so many, or as many as there is time for. */
const [ROUNDS, LEAST, BLOCK_MS] = [25, 3, 1_000];
const CHURN = { name: 'hit, while 100 offers a second change', what: 'hit, everywhere', changes: 100 } as const;
const points: readonly Asked[] = [
  ...Object.keys(wishes).map((name) => ({ name, what: name as What, changes: 0 })),
  CHURN,
];
const pages = (point: string): string => `pages read, ${point}`;
const slower = (point: string): string => `time among many ÷ among few, ${point}`;

/** So many pages hold what is found and the way to it, of each of four sides, however much there is. */
const PAGES = 200;

/** What a look-up takes among a million offers, against the same among a hundred. */
export const lookUp: Measure<Asked> = {
  id: 'B7',
  name: 'look-up',
  question: 'Does a look-up among a million offers take longer than one among a hundred?',
  variants: ['many', 'few'],
  twin: 'few',
  bad: [{ variant: 'five tables joined', misses: [pages('hit, everywhere')] }],
  points: () => points,
  pairs: (quick) => (quick ? { least: 1, most: 4 } : METHOD),
  seconds: (quick) => (quick ? 15 : 130),
  figures: () => [
    ...points
      .filter(({ changes }) => changes === 0)
      .map(({ name }) => ({
        name: pages(name),
        kind: 'count' as const,
        value: (of: (...of: [string, string, string]) => number) => of('many', 'pages', name),
        target: { atMost: PAGES },
      })),
    ...points.map(({ name }) => ({
      name: slower(name),
      kind: 'wall' as const,
      value: (of: (...of: [string, string, string]) => number) => of('many', 'ms', name) / of('few', 'ms', name),
      ...(name.startsWith('hit') && { target: { atMost: 2 } }),
    })),
    { name: 'a hit among many', kind: 'wall', unit: 'ms', value: (of) => of('many', 'ms', 'hit, everywhere') },
    {
      name: 'bytes on disk for each offer',
      kind: 'count',
      value: (of) => of('many', 'bytes', 'hit, rare'),
    },
  ],

  prepare: async ({ folder, quick, tell }) => {
    const data = join(folder, 'postgres');
    const port = await portOfBench();
    const server = await startPostgres({ data, port, log: join(folder, 'postgres.log'), volatile: true });
    const catalogues: Filled[] = [];
    const stop = async (): Promise<void> => {
      for (const { catalogue } of catalogues) await catalogue.destroy();
      await server.stop();
    };
    try {
      for (const [name, offers] of [
        ['few', FEW],
        ['many', many(quick)],
      ] as const) {
        catalogues.push(await filled(server.url, `look_up_${name}`, offers));
        tell(`B7 look-up: ${offers} offers are there`);
      }
    } catch (error) {
      await stop();
      throw error;
    }
    const [few, all] = catalogues as [Filled, Filled];
    return {
      stop,
      sample: async (variant, { what, changes }) => {
        const among = variant === 'few' ? few : all;
        const stopChanges = changes === 0 ? undefined : churning(among, changes);
        const ask = variant === 'five tables joined' ? fiveTables : candidates;
        const before = await pagesRead(among.catalogue);
        const taken: number[] = [];
        const late = performance.now() + BLOCK_MS;
        for (let round = 0; round < LEAST || (round < ROUNDS && performance.now() < late); round += 1) {
          const begun = performance.now();
          await ask(among.catalogue, wishes[what], among.seen);
          taken.push(performance.now() - begun);
        }
        const read = (await pagesRead(among.catalogue)) - before;
        await stopChanges?.();
        const bytes = (await bytesOnDisk(among.catalogue)) / among.offers;
        return { ms: median(taken), pages: read / taken.length, bytes };
      },
    };
  },
};
