import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailureType } from '../../domain/failures.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { anchorsThatStand, anchorThatRuns } from '../../temporal/anchoring.ts';
import { abandon, anchorStatus, cancel, pause, resume, retry, sourceMoved } from '../../workflows/messages.ts';
import { anchoring, type AnchorHandle, held } from '../support/anchored-engine.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { says } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';

/** Devices of another network are led to an application that stays where it is; released, nothing of that is left. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

/** Served at a1, a host of the cellular system. */
function served(): PortWorld {
  const world = new PortWorld(0);
  const source = world.servedAt('a1');
  for (const n of [1, 2, 3]) world.subscribe(source, n);
  return world;
}

const host = (world: PortWorld, site: string): string => world.at(site)[0]?.endpoint?.host ?? '';
const leading = (world: PortWorld, site: string): string[] =>
  (world.at(site)[0]?.rules ?? []).flatMap((rule) =>
    rule.active ? [`${rule.id} ${rule.kind === 'dns' ? rule.address : rule.leadsTo}`] : [],
  );
const parked = async (handle: AnchorHandle) =>
  await says(handle, anchorStatus, ({ state }) => state === 'parked', 20_000, 'word');

describe('an anchor', () => {
  it('holds by a holder that is made for it, and is gone without a trace when it is released', async () => {
    const world = served();
    const before = world.dump();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor();
      const [source] = world.at('a1');
      await expect(held(handle)).resolves.toMatchObject({
        way: 'holder',
        relayed: false,
        source: 'a1',
        from: source?.id,
        holder: { site: 'w1' },
        observed: true,
        exposed: 3,
      });
      expect(leading(world, 'w1')).toStrictEqual([`name ${host(world, 'a1')}`, `all ${host(world, 'a1')}`]);
      expect(source).toMatchObject({ role: 'authority', promisedTo: null });
      const { events = [] } = await handle.fetchHistory();
      // The last one: its source is watched
      expect(events?.length).toBe(36);
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', failure: null, leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('holds by the rules of an instance that is there, and leaves it as it was', async () => {
    const world = served();
    world.add('w1');
    const before = world.dump();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor();
      await expect(held(handle)).resolves.toMatchObject({ way: 'rule', holder: { site: 'w1' } });
      expect(leading(world, 'w1')).toContain(`name ${host(world, 'a1')}`);
      expect(world.at('w1')).toHaveLength(1);
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('needs nothing where the network leads there by itself', async () => {
    const world = new PortWorld(3);
    const before = world.dump();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor({ source: 'cloud' });
      await expect(held(handle)).resolves.toMatchObject({ way: 'network', holder: null });
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released' });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('leads to its holder, which relays, where the network cannot reach the source', async () => {
    const world = served();
    world.unreachable.add(world.at('a1')[0]?.id ?? '');
    const before = world.dump();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor();
      await expect(held(handle)).resolves.toMatchObject({ way: 'holder', relayed: true });
      expect(leading(world, 'w1')).toContain(`name ${host(world, 'w1')}`);
      await handle.executeUpdate(cancel);
      await handle.result();
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it.each<[string, FailureType, (world: PortWorld) => unknown]>([
    ['nobody serves them there', 'NotServing', (world) => ((world.at('a1')[0] ?? { role: '' }).role = 'standby')],
    [
      'they are promised to a relocation',
      'PromisedElsewhere',
      (world) => ((world.at('a1')[0] ?? { promisedTo: '' }).promisedTo = 'r'),
    ],
    ['nothing there has rules', 'NotSteerable', (world) => (world.steerable = false)],
    ['its package is refused', 'PackageInvalid', (world) => world.on('w1.packages.distribute', 'PackageInvalid')],
  ])('is refused, and touches nothing, where %s', async (_, type, change) => {
    const world = served();
    change(world);
    const before = world.dump();
    await anchoring(engine, world, async ({ anchor }) => {
      await expect((await anchor()).result()).resolves.toMatchObject({
        outcome: 'refused',
        failure: { type },
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it.each([
    ['holder', 'w1.instances.instantiate', 'TargetRefused'],
    ['holder', 'context.standBy', 'PeerRejected'],
    ['services', 'w1.subscriptions.create', 'SubscriptionRefused'],
    ['path', 'w1.path.write', 'PeerRejected'],
  ] as const)('is undone where step %s fails: %s with %s', async (step, call, type) => {
    const world = served().on(call, type);
    const before = world.dump();
    await anchoring(engine, world, async ({ anchor }) => {
      const result = await (await anchor()).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type, step }, leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('that was paused while it was made is checked anew, and holds', async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const world = served().on('w1.instances.instantiate', async () => await gate);
    const before = world.dump();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor();
      await eventually(() => world.calls.includes('w1.instances.instantiate'));
      await handle.executeUpdate(pause);
      go();
      await says(handle, anchorStatus, ({ state }) => state === 'paused', undefined, 'word');
      await handle.executeUpdate(resume);
      await expect(held(handle)).resolves.toMatchObject({ way: 'holder' });
      expect(world.at('w1')).toHaveLength(1);
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('that cannot be released is parked, keeps its holder, and is tried again', async () => {
    const world = served();
    const before = world.dump();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor({}, { insistMs: 3_600_000 });
      await held(handle);
      world.on('w1.path.turnBack', ...Array.from({ length: 9 }, () => 'PeerRejected' as const));
      await handle.executeUpdate(cancel);
      await parked(handle);
      const status = await handle.query(anchorStatus);
      expect(status).toMatchObject({
        left: [{ undo: 'removeHolder' }, { undo: 'turnAnchorBack', type: 'PeerRejected' }],
      });
      expect(world.at('w1')).toMatchObject([{ state: 'started', subscriptions: [] }]);
      world.on('w1.path.turnBack');
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('that is given up says what is left', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor({}, { insistMs: 3_600_000 });
      await held(handle);
      world.on('w1.instances.remove', ...Array.from({ length: 9 }, () => 'PeerRejected' as const));
      await handle.executeUpdate(cancel);
      await parked(handle);
      await handle.executeUpdate(abandon);
      const { outcome, leftovers } = await handle.result();
      expect({ outcome, left: leftovers.map(({ undo }) => undo) }).toStrictEqual({
        outcome: 'released',
        left: ['removeHolder'],
      });
    });
    expect(leading(world, 'w1')).toStrictEqual([]);
  });

  it('of one user leads that one alone', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor({ users: 'ue-1' });
      await expect(held(handle)).resolves.toMatchObject({ way: 'holder' });
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released' });
    });
  });

  it('whose source has died with its host is released all the same', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor();
      await held(handle);
      world.silent.add(world.at('a1')[0]?.id ?? '');
      world.on('a1.instances.list', ...Array.from({ length: 2_000 }, () => 'PeerUnavailable' as const));
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(world.at('w1')).toStrictEqual([]);
  });

  it('tells that its source serves nobody, for as long as that is so', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor }) => {
      const handle = await anchor();
      const [source] = world.at('a1');
      const since = async () => (await held(handle)).silentSince;
      await expect(since()).resolves.toBeNull();
      world.silent.add(source?.id ?? '');
      await eventually(async () => Date.parse((await since()) ?? '') <= Date.now(), 20_000);
      world.silent.clear();
      await eventually(async () => (await since()) === null, 20_000);
      world.restart('a1'); // it has forgotten whom it served
      await eventually(async () => (await since()) != null, 20_000);
      // What sends on to whoever serves is no dead end
      Object.assign(source ?? {}, { role: 'relay' });
      await eventually(async () => (await since()) === null, 20_000);
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
  });

  it('whose source has died is taken along by the relocation that goes on without it', async () => {
    const world = served();
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const handle = await anchor();
      await held(handle);
      Object.assign(world.at('w1')[0] ?? {}, { count: 0 }); // a holder is given nothing of the users
      world.silent.add(world.at('a1')[0]?.id ?? '');
      await eventually(async () => (await held(handle)).silentSince != null, 20_000);
      const accept = { lostWrites: true } as const;
      const moved = await relocate({ sourceLost: { accept } });
      await expect(moved.result()).resolves.toMatchObject({ outcome: 'recovered', leftovers: [] });
      await eventually(async () => (await held(handle)).source === 'a2', 20_000);
      await expect(held(handle)).resolves.toMatchObject({ silentSince: null, trouble: null, exposed: 3 });
      expect(leading(world, 'w1')).toStrictEqual([`name ${host(world, 'a2')}`, `all ${host(world, 'a2')}`]);
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(world.at('w1')).toStrictEqual([]);
  });

  it('that lives long goes on in a new run, by the same names: moved, and released, as if it were the first', async () => {
    const world = served();
    const before = world.dump();
    await anchoring(engine, world, async ({ anchor, relocate }) => {
      const first = await anchor({}, {}, 80);
      await held(first);
      const { runId } = await first.describe();
      const { client } = engine.environment;
      const handle: AnchorHandle = client.workflow.getHandle(first.workflowId);
      const heard = { relocation: 'of-nobody', target: 'a2', to: 'nobody' };
      const runs = async (): Promise<boolean> => (await handle.describe()).runId === runId;
      while (await runs()) await handle.signal(sourceMoved, heard);
      const { memo, raw } = await handle.describe();
      expect(memo).toMatchObject({ request: { network: 'wifi' }, standing: await held(handle) });
      expect(raw.workflowExecutionInfo?.firstRunId).toBe(runId);
      expect((await first.fetchHistory()).events?.length).toBeLessThan(120);
      // Until the index shows the new run, the old one stands for it; and nobody takes one for the other
      const shown = async (query: string): Promise<number> => (await client.workflow.count(query)).count;
      const { runId: now } = await handle.describe();
      await eventually(async () => (await shown(anchorThatRuns('counter', now))) === 1);
      expect(await shown(`${anchorsThatStand('counter')} AND WorkflowId = '${first.workflowId}'`)).toBe(2);
      expect(await shown(`${anchorsThatStand('counter', Date.now() + 86_400_000)} AND RunId = '${runId}'`)).toBe(0);
      expect(await shown(anchorThatRuns('counter', runId))).toBe(0);

      await expect((await relocate()).result()).resolves.toMatchObject({ outcome: 'relocated' });
      await eventually(async () => (await held(handle)).source === 'a2');
      expect(leading(world, 'w1')).toStrictEqual([`name ${host(world, 'a2')}`, `all ${host(world, 'a2')}`]);
      await expect((await relocate({ source: 'a2', target: 'a1' })).result()).resolves.toMatchObject({
        outcome: 'relocated',
      });
      await eventually(async () => (await held(handle)).source === 'a1');

      await handle.executeUpdate(cancel);
      const { totalMs, ...released } = await handle.result();
      expect(released).toStrictEqual({ outcome: 'released', failure: null, leftovers: [] });
      expect(totalMs).toBeGreaterThan(0);
    });
    expect(world.at('w1')).toStrictEqual([]);
    expect(world.at('a1')).toMatchObject([{ role: 'authority', promisedTo: null }]);
    expect(before).toHaveLength(2);
  });
});

describe('two anchors to one application in one network, of all users and of one', () => {
  const both = [{}, { users: 'ue-1' }] as const;
  const usersOf = (world: PortWorld) => world.at('w1')[0]?.rules.find(({ id }) => id === 'users');

  it.each([
    ['all', 'all', 0, 0],
    ['all', 'one', 0, 1],
    ['one', 'all', 1, 0],
    ['one', 'one', 1, 1],
  ] as const)(
    'each leads its own, and the last takes the holder along: begun with %s, ended with %s',
    async (...how) => {
      const [, , begins, ends] = how;
      const world = Object.assign(served(), { byDevice: true });
      const [source] = world.at('a1');
      for (const each of source?.subscriptions.slice(0, 1) ?? [])
        Object.assign(each, { filter: { ...each.filter, associateId: [{ type: 1, value: '10.9.9.1' }] } });
      const exposed = async (): Promise<number> => {
        const { subscriptions } = await world.site('w1');
        const owner = { instance: world.at('w1')[0]?.id ?? '', endpoint: source?.endpoint ?? null };
        return (await subscriptions.list(owner, AbortSignal.timeout(1_000))).held.length;
      };
      const before = world.dump();
      await anchoring(engine, world, async ({ anchor }) => {
        const first = await anchor(both[begins]);
        await expect(held(first)).resolves.toMatchObject({ way: 'holder' });
        const second = await anchor(both[1 - begins]);
        await expect(held(second)).resolves.toMatchObject({ way: 'holder' });
        expect(world.at('w1')).toHaveLength(1);
        expect(usersOf(world)).toMatchObject({ active: true, leadsTo: host(world, 'a1') });
        expect(await exposed()).toBe(3); // none of them twice
        const [ended, stays] = begins === ends ? [first, second] : [second, first];
        await ended.executeUpdate(cancel);
        await expect(ended.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
        const left =
          ends === 0 ? [`users ${host(world, 'a1')}`] : [`name ${host(world, 'a1')}`, `all ${host(world, 'a1')}`];
        expect(leading(world, 'w1')).toStrictEqual(left);
        await expect(held(stays)).resolves.toMatchObject({ way: 'holder', holder: { site: 'w1' } });
        expect(await exposed()).toBe(ends === 0 ? 1 : 3);
        await stays.executeUpdate(cancel);
        await expect(stays.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
      });
      expect(world.dump()).toStrictEqual(before);
    },
  );
});

// The last one: what it leaves behind is found
it('an anchor that was ended from outside is not forgotten: its source is not moved while its rules lead on', async () => {
  const world = served();
  await anchoring(engine, world, async ({ anchor, relocate, client }) => {
    const handle = await anchor();
    const { holder } = await held(handle);
    await handle.terminate();
    // The mark looks whether it may go out
    const mark = client.workflow.getHandle('anchored:counter');
    await eventually(async () => {
      const [look] = (await mark.describe()).raw.pendingActivities ?? [];
      return (look?.attempt ?? 0) > 3;
    });
    const refused = await (await relocate()).result();
    expect({ outcome: refused.outcome, failure: refused.failure }).toMatchObject({
      outcome: 'rolledBack',
      failure: {
        type: 'AnchorInProgress',
        message: expect.stringMatching(
          new RegExp(`wifi: anchor .* was ended from outside, .*instance ${holder?.instance} at w1 .*deactivate them`),
        ),
      },
    });
    expect(leading(world, 'w1')).toStrictEqual([`name ${host(world, 'a1')}`, `all ${host(world, 'a1')}`]);
    const [left] = world.at('w1');
    if (left !== undefined) left.rules = left.rules.map((rule) => ({ ...rule, active: false }));
    await expect((await relocate()).result()).resolves.toMatchObject({ outcome: 'relocated', failure: null });
  });
});
