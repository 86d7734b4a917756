import { describe, expect, it } from 'vitest';
import { temporalCli } from '../../servers/obtain.ts';
import { anchorStatus, cancel } from '../../workflows/messages.ts';
import { anchoring, type Beginning, held } from '../support/anchored-engine.ts';
import { Dying } from '../support/dying.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { says } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';

/** The worker is killed at every call of every step of an anchor, of its release, and of whoever moves its source. */
/** Nothing is given up because a worker was killed often, and the next attempt is as soon as the server can. */
const patient = { retryMs: 1, stepMs: 120_000, operationMs: 120_000, handOverMs: 60_000, insistMs: 3_600_000 };
const OFTEN_KILLED_MS = 60_000;
const ways = ['before', 'executed'] as const;

function served(): PortWorld {
  const world = new PortWorld(0);
  const source = world.servedAt('a1');
  for (const n of [1, 2, 3]) world.subscribe(source, n);
  return world;
}
/** Side by side: each has a namespace of its own, as all anchors of an application are named alike. */
async function killed(world: PortWorld, dying: Dying, scenario: (begin: Beginning) => Promise<void>): Promise<void> {
  const engine = await Engine.start(await temporalCli());
  try {
    await anchoring(engine, world, scenario, {}, dying);
  } finally {
    await engine.stop();
  }
}
const host = (world: PortWorld, site: string): string => world.at(site)[0]?.endpoint?.host ?? '';
const leading = (world: PortWorld): string[] =>
  (world.at('w1')[0]?.rules ?? []).flatMap((rule) =>
    rule.active ? [`${rule.id} ${rule.kind === 'dns' ? rule.address : rule.leadsTo}`] : [],
  );
const made = ['checkAnchor', 'instantiateTarget', 'exposeServices', 'turnAnchor', 'turnAnchorBack', 'removeTarget'];
const stepsOf = ({ at }: Dying): string[] => [...new Set(at.map((point) => point.split(' ')[0] ?? ''))];

describe.concurrent.each(ways)('a worker that is killed once at each call (%s)', (when) => {
  it('of one whose path is refused has all of it undone', async () => {
    const [world, dying] = [served(), new Dying(when)];
    const before = world.dump();
    world.on('w1.path.write', ...Array.from({ length: 200 }, () => 'PeerRejected' as const));
    await killed(world, dying, async ({ anchor }) => {
      const handle = await anchor({}, patient);
      await says(handle, anchorStatus, ({ state }) => state === 'rollingBack', OFTEN_KILLED_MS);
      world.on('w1.path.write');
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'PeerRejected', step: 'path' },
        leftovers: [],
      });
    });
    expect(stepsOf(dying)).toEqual(expect.arrayContaining([...made, 'hideServices']));
    expect(world.dump()).toStrictEqual(before);
  });

  it('has an anchor taken along by whoever moves its source, and given back there nothing of it is left', async () => {
    const [world, dying] = [served(), new Dying(when)];
    await killed(world, dying, async ({ anchor, relocate }) => {
      const handle = await anchor({}, patient);
      await held(handle, OFTEN_KILLED_MS);
      await expect((await relocate({}, patient)).result()).resolves.toMatchObject({ outcome: 'relocated' });
      expect(world.at('a1')).toStrictEqual([]);
      await eventually(async () => {
        const { source, exposed, trouble } = await held(handle);
        return source === 'a2' && exposed === 3 && trouble === null;
      }, OFTEN_KILLED_MS);
      expect(leading(world)).toStrictEqual([`name ${host(world, 'a2')}`, `all ${host(world, 'a2')}`]);
      await handle.executeUpdate(cancel);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'released', leftovers: [] });
    });
    expect(stepsOf(dying)).toEqual(expect.arrayContaining([...made, 'followAnchor', 'switchPath', 'notifyEndpoint']));
    expect(world.at('w1')).toStrictEqual([]);
    expect(world.at('a2')).toMatchObject([{ role: 'authority', promisedTo: null, subscriptions: [{}, {}, {}] }]);
  });
});
