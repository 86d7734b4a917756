import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { type Catalogue, openCatalogue } from '../../catalogue/database.ts';
import { candidates } from '../../catalogue/finding.ts';
import { freePort } from '../../cli/ports.ts';
import type { Wish } from '../../domain/wish.ts';
import { createDatabase, startPostgres } from '../../servers/postgres.ts';
import { type Many, manyOffers } from '../support/many-offers.ts';

/**
 * What a look-up takes among few and among many offers: `npx tsx test/catalogue/look-ups.measure.ts [many]`. Both are asked by
 * turns, so that whatever else the machine does is the same for both. Minutes, and a gigabyte of disk.
 */
const FEW = 100;
const MANY = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 400;

const service = (name: string): Wish['what'] => ({ kind: 'service', name });
const wishes: Readonly<Record<string, Wish>> = {
  'rare name': { what: service('rare') },
  'name that every platform has': { what: service('everywhere') },
  'name that all of the partners have, and we have not': { what: service('theirs') },
  'name that nobody has': { what: service('nobody') },
  'name and KPI': { what: service('everywhere'), kpi: { latencyMs: 40, bandwidthKbps: 2_000 } },
  'name near a place': { what: service('everywhere'), where: { lat: 50, lon: 10, withinKm: 100 } },
};

const folder = await mkdtemp(join(tmpdir(), 'ferry-look-ups-'));
const port = await freePort('127.0.0.1', 21_000 + Math.floor(Math.random() * 300));
const server = await startPostgres({ data: join(folder, 'data'), port, log: join(folder, 'log'), volatile: true });
try {
  const [few, many] = [await filled('few', FEW), await filled('many', MANY)];
  const ratios = Object.entries(wishes).map(([what, wish]) => [what, wish] as const);
  for (const [what, wish] of ratios) {
    const taken: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [
        at,
        {
          catalogue,
          many: { usable },
        },
      ] of [few, many].entries()) {
        const begun = performance.now();
        await candidates(catalogue, wish, { theirs: usable });
        taken[at]?.push(performance.now() - begun);
      }
    const [before, after] = taken.map(median) as [number, number];
    tell(`${what}: ${before.toFixed(2)} ms, ${after.toFixed(2)} ms, ratio ${(after / before).toFixed(2)}`);
  }
  const { rows } = await sql<{ bytes: string }>`select pg_database_size(current_database()) as bytes`.execute(
    many.catalogue,
  );
  tell(
    `${Math.round(Number(rows[0]?.bytes) / 1e6)} MB on disk, ${Math.round((Number(rows[0]?.bytes) / MANY) * 10)} bytes a system`,
  );
  for (const { catalogue } of [few, many]) await catalogue.destroy();
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function filled(name: string, offers: number): Promise<{ catalogue: Catalogue; many: Many }> {
  const url = await createDatabase(server.url, `look_ups_${name}`);
  const catalogue = await openCatalogue({ url, connections: 2 });
  const many = await manyOffers(url, offers);
  tell(`${name}: ${offers} offers`);
  return { catalogue, many };
}

function median(all: readonly number[]): number {
  return all.toSorted((one, other) => one - other)[Math.floor(all.length / 2)] ?? 0;
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
