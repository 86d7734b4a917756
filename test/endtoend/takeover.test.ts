import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimNetwork } from '../support/network.ts';
import { fleet, hold, measured, servingNow, unharmed } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** The Temporal server dies, and a worker is taken for dead that is not, while a relocation runs. */
const { net: NETWORK } = await claimNetwork();

let stage: Stage;
/** What peers execute in a relocation to the site where nothing goes wrong. The package is at both. */
let usual: { a1: string[]; cloud: string[] };
beforeAll(async () => {
  stage = await Stage.set(NETWORK, { ownTemporal: true });
  await fleet(stage, 3);
  await move('cloud', 'a1');
  usual = { cloud: await move('a1', 'cloud'), a1: await move('cloud', 'a1') };
  await move('a1', 'cloud');
});
afterAll(async () => await stage?.strike());

const effectsSince = async (n: number): Promise<string[]> => (await stage.effects(n)).toSorted();

/** Moves, without loss; returns the effects. */
async function move(source: string, target: string): Promise<string[]> {
  const since = await stage.logEnd();
  const { result, figures } = await measured(stage, async () => await stage.relocate(source, target));
  expect(result).toMatchObject({ outcome: 'relocated', leftovers: [] });
  expect(figures).toMatchObject(unharmed);
  return await effectsSince(since);
}

const creation = { peer: 'meo-cellular', operation: 'POST /app_lcm/v1/app_instances' };
const ruleOfTheName = { peer: 'platform-a1', operation: 'PUT /mec_app_support/v1/applications/*/dns_rules/*' };
const removal = { peer: 'cloud-manager', operation: 'POST /cloud/v1/instances/*/stop' };

it('without that, a relocation has its effects', () => {
  expect([usual.a1.length, usual.cloud.length]).toEqual([13, 14]);
});

describe('a Temporal server that is killed and comes back', () => {
  it.each([
    ['while an instance is made', creation],
    ['while the path is turned', ruleOfTheName],
    ['while the source is retired', removal],
  ])('%s, costs nothing but time', async (_, call) => {
    const since = await stage.logEnd();
    const { result, figures } = await measured(stage, async () => {
      const held = await hold(stage, { ...call, when: 'executed' });
      const { id } = await stage.begin('cloud', 'a1');
      await held.held();
      await stage.killTemporal();
      await held.release();
      const refused = await stage.post('/v1/relocations', { application: 'counter', source: 'cloud', target: 'a2' });
      expect(refused.status).toBe(503);
      await expect(refused.json()).resolves.toMatchObject({
        status: 503,
        remedy: expect.stringMatching('same Idempotency-Key') as string,
      });
      expect(refused.headers.get('retry-after')).not.toBeNull();
      await stage.startTemporalAgain();
      return await stage.ends(id);
    });
    expect(result).toMatchObject({ outcome: 'relocated', leftovers: [], moved: { subscriptions: 3 } });
    expect(figures).toMatchObject(unharmed);
    expect(await effectsSince(since)).toEqual(usual.a1);
    expect(await move('a1', 'cloud')).toEqual(usual.cloud);
  });
});

describe('a worker that stands still until another one has done its work', () => {
  it.each([
    ['while an instance is made', creation],
    ['while the path is turned', ruleOfTheName],
  ])('%s, does nothing more when it wakes up', async (_, call) => {
    const since = await stage.logEnd();
    const { pid } = stage.worker;
    try {
      const { result, figures } = await measured(stage, async () => {
        const held = await hold(stage, { ...call, when: 'executed' });
        const { id } = await stage.begin('cloud', 'a1');
        await held.held();
        process.kill(pid, 'SIGSTOP');
        await held.release();
        await stage.startWorker();
        return await stage.ends(id);
      });
      expect(result).toMatchObject({ outcome: 'relocated', leftovers: [], moved: { subscriptions: 3 } });
      expect(figures).toMatchObject(unharmed);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect(await servingNow(stage)).not.toEqual(['counter-0']);
    await expect(stage.relocate('a1', 'cloud')).resolves.toMatchObject({ outcome: 'relocated' }); // by both of them
    expect(await effectsSince(since)).toEqual([...usual.a1, ...usual.cloud].toSorted());
    expect(await servingNow(stage)).toEqual(['counter-0']);
  });
});
