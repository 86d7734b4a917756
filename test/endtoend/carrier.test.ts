import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimNetwork } from '../support/network.ts';
import { fleet, hold, measured, servingIn, unharmed, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** A real application that moves its context itself (MEC 021) and keeps no contract, in a real world, while devices write. */
let stage: Stage;
const carrier = { application: 'carrier' };
const own = { ...carrier, accept: 'applicationOwn' };

beforeAll(async () => {
  stage = await Stage.set((await claimNetwork()).net, { app: 'carrier' });
  await fleet(stage, 3);
});
afterAll(async () => await stage?.strike());

const plan = async (more: object): Promise<Record<string, unknown>> => {
  const answer = await stage.post('/v1/plans', { source: 'cloud', target: 'a1', ...more });
  return (await answer.json()) as Record<string, unknown>;
};

/** The operation is held; then the worker dies, and another one goes on. */
async function killedAt(call: { peer: string; operation: string }, work: () => Promise<{ id: string }>) {
  const holding = await hold(stage, { ...call, when: 'executed' });
  const { id } = await work();
  await holding.held();
  await stage.killWorker();
  await holding.release();
  await stage.startWorker();
  return await stage.ends(id);
}

describe('an application that moves its context itself', () => {
  it('is planned with what is risked, and moved only where that is accepted', async () => {
    const refused = await plan(carrier);
    expect(refused).toMatchObject({
      possible: false,
      guarantee: 'applicationOwn',
      risk: { writerOverlap: 'possible' },
      obstacles: [{ failure: 'ContractMissing', where: 'carrier' }],
    });
    expect(await plan(own)).toMatchObject({ possible: true, expectedFreezeMs: null });
    expect(await stage.relocate('cloud', 'a1', carrier)).toMatchObject({
      outcome: 'refused',
      failure: { type: 'ContractMissing' },
    });
  });

  it('loses nothing on its way to a host, its worker killed once it has reported its transfer', async () => {
    const { result, figures } = await measured(
      stage,
      async () =>
        await killedAt(
          { peer: 'platform-a1', operation: 'PUT /mec_app_support/v1/applications/*/dns_rules/name' },
          async () => await stage.begin('cloud', 'a1', own),
        ),
    );
    expect(result).toMatchObject({
      outcome: 'relocated',
      failure: null,
      guarantee: 'applicationOwn',
      writerOverlap: 'possible',
      freezeMs: null,
      pathObserved: true,
    });
    const { atLeastMs = 0, atMostMs = 0 } = result.interruption ?? {};
    expect(atMostMs).toBeGreaterThanOrEqual(Math.max(1, atLeastMs));
    expect(figures).toMatchObject(unharmed);
    // What devices saw is what was told
    expect(figures.longestGapMs).toBeGreaterThanOrEqual(atLeastMs * 0.9);
    const [serving] = servingIn(await worldOf(stage));
    expect(serving).not.toBe('carrier-0');
  });

  it('goes on serving where it was, when the path home may not be prepared', async () => {
    await stage.fault({
      peer: 'platform-a1',
      operation: 'GET /amsi/v1/app_mobility_services',
      times: 400,
      kind: 'status',
      status: 403,
    });
    const { result, figures } = await measured(stage, async () => await stage.relocate('a1', 'cloud', own));
    await stage.clearFaults();
    expect(result.outcome).toBe('refused');
    expect(figures).toMatchObject(unharmed);
  });

  it('loses nothing on its way home, its worker killed while it transfers', async () => {
    const { result, figures } = await measured(
      stage,
      async () =>
        await killedAt(
          { peer: 'platform-a1', operation: 'PUT /amsi/v1/app_mobility_services/*' },
          async () => await stage.begin('a1', 'cloud', own),
        ),
    );
    expect(result).toMatchObject({ outcome: 'relocated', failure: null });
    expect(figures).toMatchObject(unharmed);
  });
});

describe('one of which nobody answers for that', () => {
  beforeAll(async () => {
    stage.configure(({ applications }) => {
      for (const application of Object.values(applications)) delete application.transfer;
    });
    await stage.killWorker();
    await stage.startWorker();
  });

  it('is stopped first, its worker killed when that is done', async () => {
    const result = await killedAt(
      { peer: 'cloud-manager', operation: 'POST /cloud/v1/instances/*/stop' },
      async () => await stage.begin('cloud', 'a1', { ...carrier, accept: 'none' }),
    );
    expect(result).toMatchObject({
      outcome: 'relocated',
      failure: null,
      guarantee: 'none',
      writerOverlap: 'impossible',
      moved: { users: 0 },
    });
    const { peers } = await worldOf(stage);
    expect(peers['cloud-manager'].instances).toMatchObject([{ state: 'stopped' }]);
  });
});
