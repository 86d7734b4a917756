import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cost } from '../../bench/cost.ts';
import { type Cost, costOf } from '../../bench/counts.ts';
import { SharedStage } from '../../bench/stage/shared.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { Engine } from '../support/engine.ts';
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

const ownCost = { events: 59, actions: 11, retries: 0 };

it('is told by the benchmark as well, which moves one by its real adapters against peers of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-bench-'));
  const stage = new SharedStage(folder);
  const ground = { quick: true, seed: 1, folder, tell: () => undefined, shared: async () => await stage.use() };
  const running = await cost.prepare(ground);
  try {
    const plain = cost.points(true).find(({ name }) => name === 'S = 3');
    if (plain === undefined) throw new Error('the benchmark has no plain relocation');
    await expect(running.sample('engine', plain)).resolves.toMatchObject({ events: 65, actions: 12 });
    await expect(running.sample('naive', plain)).resolves.toMatchObject({ events: 125, actions: 21 });
  } finally {
    await running.stop();
    await stage.end();
    await rm(folder, { recursive: true, force: true });
  }
});
