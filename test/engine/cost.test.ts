import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { cost } from '../../bench/cost.ts';
import { type Cost, costOf } from '../../bench/counts.ts';
import { digest } from '../../configuration/digest.ts';
import { SharedStage } from '../../bench/stage/shared.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { anchorsOver } from '../../worker/anchors.ts';
import { cordonsOver } from '../../worker/cordons.ts';
import type { relocateApplication } from '../../workflows/relocation/relocate-application.ts';
import { asking } from '../support/asked.ts';
import { Engine, quickPace } from '../support/engine.ts';
import { OwnWorld } from '../support/own-world.ts';
import { PortWorld } from '../support/world.ts';
import { temporalCli } from '../../servers/obtain.ts';

/** What a relocation costs (design: nine activities, one timer, one upsert). One more event is a decision, written down. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

async function costIn(world: PortWorld, request: Partial<RelocationRequest> = {}): Promise<Cost> {
  let its: Cost = { events: 0, actions: 0, retries: 0 };
  await engine.over(world, async (start) => {
    const handle = await start(request);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
    its = await costOf(handle);
  });
  return its;
}

describe('a relocation', () => {
  it('with 3 subscriptions costs exactly 65 events and 12 actions', async () => {
    await expect(costIn(new PortWorld(3))).resolves.toStrictEqual({ events: 65, actions: 12, retries: 0 });
  });

  it('costs the same with 50 subscriptions', async () => {
    await expect(costIn(new PortWorld(50))).resolves.toStrictEqual({ events: 65, actions: 12, retries: 0 });
  });

  it('costs the same with 100 polls of the operation', async () => {
    const world = new PortWorld(3);
    world.polls = 100;
    await expect(costIn(world)).resolves.toStrictEqual({ events: 65, actions: 12, retries: 0 });
  });

  /** Nobody is asked whether clients still come: eight activities instead of nine. */
  it('of an application that moves its context itself costs 59 events and 11 actions', async () => {
    await expect(costIn(new OwnWorld(3), { accept: 'applicationOwn' })).resolves.toStrictEqual(ownCost);
  });

  it('of an application that is stopped first costs the same', async () => {
    const world = Object.assign(new OwnWorld(3), { transfer: undefined, devices: null, heard: [] });
    await expect(costIn(world, { accept: 'none' })).resolves.toStrictEqual(ownCost);
  });
});

/** The index of a Temporal server of one's own answers ten questions a second: a look at a name is none. */
describe('a relocation asks Temporal itself', () => {
  it.each([
    ['of all users', '*', 3],
    ['of one user, whose source may go on serving others', 'ue-1', 4],
  ])('%s, where no anchor stands: its index nothing, and so many names', async (_, users, names) => {
    const { client, asked, stop } = await asking(engine);
    const { taskQueue } = engine;
    const network = { vantage: undefined, resolverClampSeconds: 0 };
    const networks = { cellular: network, wifi: network, third: network };
    const anchors = anchorsOver(client, { networks, pace: quickPace, world: undefined, taskQueue });
    const cordons = cordonsOver(client);
    const world = new PortWorld(3);
    const means = { catalogue: world, pace: quickPace, digest, turns: takingTurns(), cordons, anchors };
    try {
      await engine.beside(relocationActivities(means), async () => {
        const request = {
          application: 'counter',
          users,
          source: 'cloud',
          target: 'a1',
          cutOver: 'immediately',
        } as const;
        const handle = await engine.environment.client.workflow.start<typeof relocateApplication>(
          'relocateApplication',
          {
            workflowId: `relocation:asks-${users}`,
            taskQueue,
            args: [{ request, direction: 'cloudToMec', pace: quickPace }],
          },
        );
        await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
        await expect(costOf(handle)).resolves.toStrictEqual({ events: 65, actions: 12, retries: 0 });
      });
      // Two of the target's cordons; the mark of the application, once it has promised, and of one user when it is retired
      expect(Object.fromEntries(asked)).toStrictEqual({ DescribeWorkflowExecution: names });
    } finally {
      await stop();
    }
  });
});

const ownCost = { events: 59, actions: 11, retries: 0 };

it('is told by the benchmark as well, which moves one by its real adapters against peers of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-bench-'));
  const stage = new SharedStage(folder);
  const ground = { quick: true, seed: 1, folder, tell: () => undefined, shared: async () => await stage.use() };
  const running = await cost.prepare(ground);
  try {
    const plain = cost.points(true).find(({ name }) => name === 'S = 3');
    if (plain === undefined) throw new Error('the benchmark has no plain relocation');
    const engines = await running.sample('engine', plain);
    expect(engines).toMatchObject({ events: 65, actions: 12 });
    // 140, and some more where the path is seen to change, or an operation to end, only at a later look
    expect(engines['calls']).toBeLessThan(160);
    await expect(running.sample('naive', plain)).resolves.toMatchObject({ events: 125, actions: 21 });
  } finally {
    await running.stop();
    await stage.end();
    await rm(folder, { recursive: true, force: true });
  }
});
