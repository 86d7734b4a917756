import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testServer } from '../../servers/obtain.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { Engine } from '../support/engine.ts';
import { Federated } from '../support/federated.ts';
import { PlayedPartner, SECRET } from '../support/played-partner.ts';

/** Days pass at once. */
let engine: Engine;
let own: CatalogueOfTest;
let partner: PlayedPartner;
beforeAll(async () => {
  process.env['TEST_SECRET_OF_B'] = SECRET;
  engine = await Engine.skippingTime(await testServer());
  own = await catalogueOfTest();
  partner = await PlayedPartner.start();
});
afterAll(async () => {
  await engine?.stop();
  await partner?.server.close();
  await own?.drop();
});

/** Every third hour: more rounds than one history takes. */
const ALIVE_SECONDS = 10_800;
const ROUNDS = (30 * 86_400) / ALIVE_SECONDS;

describe('a federation', () => {
  it('is tended for 30 days, every third hour, in histories that stay short', async () => {
    await Federated.over(engine, own, partner.federation({ pace: { aliveSeconds: ALIVE_SECONDS } }), async (run) => {
      const { id } = await run.joined();
      const { runId: first } = await run.handle.describe();
      const before = partner.count(/^GET \/mff\/v1\/[^/]*$/);
      await engine.environment.sleep('30 days');
      const rounds = partner.count(/^GET \/mff\/v1\/[^/]*$/) - before;
      expect(rounds).toBeGreaterThanOrEqual(ROUNDS - 5);
      expect(rounds).toBeLessThanOrEqual(ROUNDS + 5);
      const { runId, historyLength } = await run.handle.describe();
      expect(runId).not.toBe(first);
      expect(historyLength).toBeLessThan(2_300);
      await expect(run.uses()).resolves.toMatchObject({ id, theirs: 'open', silentSince: null, problem: null });
      expect(partner.contexts).toBe(1);
      expect(partner.count(/\/systems$/)).toBe(1);
      expect(partner.count(/^POST \/token$/)).toBeLessThan(5); // the token's life is of this clock
    });
  });
});
