import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporalCli } from '../../servers/obtain.ts';
import { abandon, cancel } from '../../workflows/messages.ts';
import { anchoring, held } from '../support/anchored-engine.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { Rule } from '../../domain/rule.ts';
import { PortWorld } from '../support/world.ts';

/** Whoever moves the source of an anchor takes it along: its devices are never led to an instance that is gone. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

function served(): PortWorld {
  const world = new PortWorld(0);
  const source = world.servedAt('a1');
  for (const n of [1, 2]) world.subscribe(source, n);
  source.rules = source.rules.map((rule) => ({ ...rule, active: rule.id !== 'users' })); // devices of its own system
  return world;
}

const host = (world: PortWorld, site: string): string => world.at(site)[0]?.endpoint?.host ?? '';
const leading = (world: PortWorld): string[] =>
  (world.at('w1')[0]?.rules ?? []).flatMap((rule) =>
    rule.active ? [`${rule.id} ${rule.kind === 'dns' ? rule.address : rule.leadsTo}`] : [],
  );

/** A call that waits until it is let go. */
function gated(world: PortWorld, call: string): { go: () => void; there: () => Promise<void> } {
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  world.on(call, async () => await gate);
  return { go, there: async () => await eventually(() => world.calls.includes(call), 20_000) };
}

describe('a relocation of the source of an anchor', () => {
  it('turns its rules with its own, and the anchor follows; released, nothing of it is left', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const handle = await anchor();
      await held(handle);
      const relocation = await relocate();
      await expect(relocation.result()).resolves.toMatchObject({ outcome: 'relocated' });
      expect(world.at('a1')).toStrictEqual([]);
      expect(leading(world)).toStrictEqual([`name ${host(world, 'a2')}`, `all ${host(world, 'a2')}`]);
      await eventually(async () => (await held(handle)).source === 'a2');
      await expect(held(handle)).resolves.toMatchObject({ from: world.at('a2')[0]?.id, under: null });
      await eventually(() => world.calls.filter((call) => call === 'w1.subscriptions.created').length === 4);
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(world.at('w1')).toStrictEqual([]);
    expect(world.at('a2')).toMatchObject([{ role: 'authority', subscriptions: [{}, {}] }]);
  });

  it('that is rolled back turns them back, and the anchor holds as before', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      await held(await anchor());
      const before = world.dump();
      world.on('context.handOver', 'PeerRejected');
      const result = await (await relocate()).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type: 'KeptBySource' }, leftovers: [] });
      expect(world.dump()).toStrictEqual(before);
    });
  });

  it('is refused while one is being made, and leaves everything as it was', async () => {
    const world = served();
    const { go, there } = gated(world, 'w1.instances.instantiate');
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const handle = await anchor({}, { operationMs: 600_000, heartbeatMs: 60_000 });
      await there();
      const result = await (await relocate({}, { stepMs: 1_500 })).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type: 'AnchorInProgress', step: 'check' } });
      expect(world.at('a2')).toStrictEqual([]);
      expect(world.at('a1')).toMatchObject([{ role: 'authority', promisedTo: null }]);
      go();
      await held(handle);
    });
  });

  it('has the promise first: an anchor that comes later is refused', async () => {
    const world = served();
    const { go, there } = gated(world, 'a2.packages.distribute');
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const relocation = await relocate({}, { operationMs: 600_000, heartbeatMs: 60_000 });
      await there();
      await expect((await anchor()).result()).resolves.toMatchObject({
        outcome: 'refused',
        failure: { type: 'PromisedElsewhere' },
      });
      go();
      await expect(relocation.result()).resolves.toMatchObject({ outcome: 'relocated' });
    });
  });

  it('is waited for by its release', async () => {
    const world = served();
    const { go, there } = gated(world, 'context.handOver');
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const handle = await anchor({}, { insistMs: 600_000 });
      await held(handle);
      const relocation = await relocate({}, { handOverMs: 600_000, heartbeatMs: 60_000 });
      await there();
      await handle.executeUpdate(cancel);
      expect(leading(world)).toContain(`name ${host(world, 'a2')}`);
      go();
      await expect(relocation.result()).resolves.toMatchObject({ outcome: 'relocated' });
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(world.at('w1')).toStrictEqual([]);
  });

  it('to the holder itself makes its rules its own: a release leaves them', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const handle = await anchor();
      const { holder } = await held(handle);
      await expect((await relocate({ target: 'w1' })).result()).resolves.toMatchObject({
        outcome: 'relocated',
        moved: { instance: 'shared' },
      });
      await eventually(async () => (await held(handle)).way === 'network');
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
      expect(world.at('w1')).toMatchObject([{ id: holder?.instance, role: 'authority', state: 'started' }]);
      expect(leading(world)).toContain(`name ${host(world, 'w1')}`);
    });
  });

  it('is refused where the network leads there by itself, and nothing would lead its devices on', async () => {
    const world = new PortWorld(3);
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      await held(await anchor({ source: 'cloud' }));
      const result = await (await relocate({ source: 'cloud', target: 'a1' })).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type: 'NotSteerable', step: 'check' } });
    });
  });

  it('of all users takes the anchors of single ones along', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const handle = await anchor({ users: 'ue-1' });
      await held(handle);
      await expect((await relocate()).result()).resolves.toMatchObject({ outcome: 'relocated' });
      await eventually(async () => (await held(handle)).source === 'a2');
    });
  });

  it('takes two along, of which one is given back while it hands over: the other leads on, and then nothing is left', async () => {
    const world = Object.assign(served(), { byDevice: true });
    const { go, there } = gated(world, 'context.handOver');
    const users = (): Rule | undefined => world.at('w1')[0]?.rules.find(({ id }) => id === 'users');
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const [all, one] = [await anchor(), await anchor({ users: 'ue-1' }, { insistMs: 600_000 })];
      await Promise.all([held(all), held(one)]);
      expect(users()).toMatchObject({ active: true, leadsTo: host(world, 'a1') });
      const relocation = await relocate({}, { handOverMs: 600_000, heartbeatMs: 60_000 });
      await there();
      expect(users()).toMatchObject({ active: true, leadsTo: host(world, 'a2') });
      await one.executeUpdate(cancel);
      go();
      await expect(relocation.result()).resolves.toMatchObject({ outcome: 'relocated' });
      await expect(one.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
      expect(users()).toMatchObject({ active: false, sources: [] });
      await eventually(async () => (await held(all)).source === 'a2');
      expect(leading(world)).toStrictEqual([`name ${host(world, 'a2')}`, `all ${host(world, 'a2')}`]);
      await all.executeUpdate(cancel);
      await expect(all.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(world.at('w1')).toStrictEqual([]);
  });

  it('leads its devices on though its subscriptions cannot be made again, says so, and leaves none of those', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const handle = await anchor();
      await held(handle);
      world.on('w1.subscriptions.created', ...Array.from({ length: 9 }, () => 'SubscriptionRefused' as const));
      await expect((await relocate()).result()).resolves.toMatchObject({ outcome: 'relocated' });
      await eventually(async () => (await held(handle)).trouble?.startsWith('SubscriptionRefused') === true);
      expect(leading(world)).toStrictEqual([`name ${host(world, 'a2')}`, `all ${host(world, 'a2')}`]);
      expect(world.at('a2')[0]?.subscriptions.length).toBeGreaterThan(2); // made, and no answer came
      world.on('w1.subscriptions.created');
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(world.at('w1')).toStrictEqual([]);
    expect(world.at('a2')).toMatchObject([{ role: 'authority', subscriptions: [{}, {}] }]);
  });

  it('keeps its source where an anchor has not heard of it', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const handle = await anchor();
      await held(handle);
      const relocation = await relocate({}, { insistMs: 1_500 });
      world.on('a2.notices.addressChanged', ...Array.from({ length: 60 }, () => 'PeerRejected' as const));
      await eventually(async () => (await relocation.query<{ state: string }>('status')).state === 'parked', 30_000);
      await relocation.executeUpdate(abandon);
      await relocation.result();
      expect(world.at('a1')).toHaveLength(1);
    });
  });
});
