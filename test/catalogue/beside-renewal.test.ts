import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { begin, contextGiven } from '../../catalogue/agreements.ts';
import { anyUnheard, offersShown, systemsAnswering } from '../../catalogue/answering.ts';
import { type Catalogue, openCatalogue } from '../../catalogue/database.ts';
import { deviceTold } from '../../catalogue/devices.ts';
import { findingsOf } from '../../catalogue/findings.ts';
import { candidates, systemsBy } from '../../catalogue/finding.ts';
import { inventoryTold } from '../../catalogue/inventory.ts';
import { inventoryOf } from '../../catalogue/inventory-kept.ts';
import { offersListed, zonesListed } from '../../catalogue/listing.ts';
import { membersListed } from '../../catalogue/systems.ts';
import { platformsTold } from '../../catalogue/told.ts';
import type { Inventory } from '../../domain/inventory.ts';
import { busy } from '../support/busy.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { explained } from '../support/explained.ts';
import { federationOfTest } from '../support/federation.ts';

/** Look-ups beside a MEO that tells of 10,000 offers again, and beside a partner that is just being learned of. */
const [PLATFORMS, OFFERS, LIMIT] = [100, 100, 200];
const client = 'meo-one';

let own: CatalogueOfTest;
/** Whoever would wait for somebody else's row is refused at once. */
let impatient: Catalogue;
let system: string;
let uses: string;
let serves: string;

/** Each time another tenth is quicker, and another slower, than before. */
const inventory = (round: number): Inventory => ({
  zones: [{ zone: 'z', lat: 50, lon: 10 }],
  platforms: Array.from({ length: PLATFORMS }, (_, p) => ({
    platform: `p${p}`,
    zone: 'z',
    offers: Array.from({ length: OFFERS }, (__, o) => ({
      kind: 'service' as const,
      id: `o${o}`,
      name: o % 10 === 0 ? 'everywhere' : `service-${p}-${o}`,
      version: '1',
      state: 'ACTIVE' as const,
      transport: 'REST_HTTP',
      serializer: 'JSON',
      latencyMs: 5 + ((p * 7 + o + round * 13) % 97),
      bandwidthKbps: 1_000 + p,
    })),
  })),
});

beforeAll(async () => {
  own = await catalogueOfTest();
  impatient = await openCatalogue({ url: `${own.url}?options=-c%20lock_timeout%3D1`, connections: 1 });
  const row = { local: 'one', name: 'one', provider: 'P', operator: 'a', client, meo: 'meo' };
  system = (await own.catalogue.insertInto('system').values(row).returning('id').executeTakeFirstOrThrow()).id;
  await inventoryTold(own.catalogue, { id: system, client }, inventory(0));
  const agreement = await begin(own.catalogue, { partner: 'b', direction: 'uses' });
  await contextGiven(own.catalogue, agreement, { context: 'context', zones: [], capabilities: {} });
  uses = agreement.id;
  serves = (await begin(own.catalogue, { partner: 'b', direction: 'serves' })).id;
  for (const look of Object.values(looks)) await look(own.catalogue);
  await sql`analyze`.execute(own.catalogue);
}, 60_000 * busy());
afterAll(async () => {
  await impatient?.destroy();
  await own?.drop();
});

const what = { kind: 'service', name: 'everywhere' } as const;
const where = { lat: 50, lon: 10, withinKm: 100 };
const opened = () => ({
  agreement: serves,
  systems: [{ local: 'one', services: ['*'], applications: ['*'], zones: ['*'], devices: true }],
  ours: 1,
});
const seen = () => ({ theirs: [{ id: uses, linkMs: 1 }] });
const sight = () => ({ agreements: [uses] });

/** What is asked of the catalogue while somebody waits for the answer. */
const looks: Readonly<Record<string, (catalogue: Catalogue) => Promise<unknown>>> = {
  'for a name': async (catalogue) => await candidates(catalogue, { what }, seen()),
  'for a name near a place': async (catalogue) => await candidates(catalogue, { what, where }, seen()),
  'for a name with KPI': async (catalogue) =>
    await candidates(catalogue, { what, kpi: { latencyMs: 50, bandwidthKbps: 1_050 } }, seen()),
  'for members by a service': async (catalogue) => await systemsBy(catalogue, { service: 'everywhere' }, seen()),
  'of a partner, for a name': async (catalogue) => await offersShown(catalogue, opened(), { what }, 20),
  'of a partner, for members': async (catalogue) =>
    await systemsAnswering(catalogue, opened(), { service: 'everywhere' }, 20),
  'whether all was heard': async (catalogue) => await anyUnheard(catalogue, opened(), 60),
  'at a page of offers': async (catalogue) => await offersListed(catalogue, { ...sight(), limit: 20 }),
  'at a page of zones': async (catalogue) => await zonesListed(catalogue, { ...sight(), limit: 20 }),
  'at the members': async (catalogue) => await membersListed(catalogue, sight(), { limit: 20 }),
};

/** What is asked besides, of the same rows. */
const others: typeof looks = {
  'at the inventory itself': async (catalogue) => await inventoryOf(catalogue, { id: system, client }),
  'of a device that comes': async (catalogue) =>
    await deviceTold(catalogue, { id: system, client, tag: 'ue-1' }, { platform: 'p1', expiresInSeconds: 60 }),
  'whose turn it is to be asked': async (catalogue) =>
    await findingsOf(catalogue, federationOfTest()).asking([{ agreement: uses, partner: 'b', context: 'context' }]),
};

/** All that is done while `renewal` has written, and has not come to its end. */
async function beside(renewal: (transaction: Catalogue) => Promise<unknown>, all: typeof looks): Promise<string[]> {
  const waited: string[] = [];
  await own.catalogue.transaction().execute(async (transaction) => {
    await renewal(transaction);
    for (const [name, look] of Object.entries(all))
      await look(impatient).catch((error: Error) => waited.push(`${name}: ${error.message}`));
  });
  return waited;
}

describe('nobody who looks waits', () => {
  it('for a MEO that tells of its inventory', async () => {
    const told = async (transaction: Catalogue) =>
      await inventoryTold(transaction, { id: system, client }, inventory(1));
    expect(await beside(told, { ...looks, ...others })).toEqual([]);
  });

  it('for a partner that is being learned of', async () => {
    const offer = {
      offer: 'o',
      kind: 'service',
      name: 'everywhere',
      version: '1',
      state: 'ACTIVE',
      transport: 'REST_HTTP',
    };
    const platforms = [{ platform: 'p', system: 's', operator: 'b', zone: { lat: 1, lon: 1 }, offers: [offer] }];
    const told = async (transaction: Catalogue) =>
      await platformsTold(transaction, uses, { platforms, validSeconds: 60 } as never);
    expect(await beside(told, { ...looks, ...others })).toEqual([]);
  });
});

describe(`a look touches no more than ${LIMIT} pages`, () => {
  const dear = async (): Promise<string[]> => {
    const all: string[] = [];
    for (const [name, look] of Object.entries(looks))
      for (const { buffers } of await explained(own.catalogue, look))
        if (buffers > LIMIT) all.push(`${name}: ${buffers}`);
    return all;
  };

  /** What a database does by itself at any moment, and the planner knows more then than it did. */
  const upkeep: Readonly<Record<number, string>> = { 3: 'analyze', 4: 'vacuum analyze' };

  it('while an inventory of 10,000 is told, and after it was, time and again, whatever is counted meanwhile', async () => {
    for (let round = 2; round < 5; round += 1) {
      const during: string[] = [];
      await own.catalogue.transaction().execute(async (transaction) => {
        await inventoryTold(transaction, { id: system, client }, inventory(round));
        await sql.raw(upkeep[round] ?? 'select').execute(own.catalogue);
        during.push(...(await dear()));
      });
      expect({ round, during, after: await dear() }).toEqual({ round, during: [], after: [] });
    }
  });
});
