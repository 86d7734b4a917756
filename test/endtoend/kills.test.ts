import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet, hold, measured, servingIn, subscribers, unharmed, worldOf } from '../support/sight.ts';
import { Stage, type Logged } from '../support/stage.ts';

/** The worker is killed between an effect at a peer and the end of its activity, for each effect of a relocation. */
const { net: NETWORK } = await claimNetwork();

/** What peers execute: `peer METHOD path`. What an instance does at its platform by itself is none of the relocation's. */
const packaging = [
  'meo-cellular POST /app_pkgm/v1/app_packages',
  'meo-cellular PUT /app_pkgm/v1/app_packages/{id}/package_content',
];
const toHost = [
  'meo-cellular POST /app_lcm/v1/app_instances',
  'meo-cellular POST /app_lcm/v1/app_instances/{id}/instantiate',
  'platform-a1 POST /rni/v2/subscriptions',
  'platform-a1 POST /rni/v2/subscriptions',
  'platform-a1 POST /rni/v2/subscriptions',
  'platform-a1 PUT /mec_app_support/v1/applications/{id}/dns_rules/name',
  'platform-a1 PUT /mec_app_support/v1/applications/{id}/traffic_rules/all',
  'lcm-proxy POST /notifications/address_change',
  'platform-a1 DELETE /rni/v2/subscriptions/{id}',
  'platform-a1 DELETE /rni/v2/subscriptions/{id}',
  'platform-a1 DELETE /rni/v2/subscriptions/{id}',
  'oss POST /tmf-api/serviceOrdering/v4/serviceOrder',
  'cloud-manager POST /cloud/v1/instances/counter-0/stop',
];
const toCloud = [
  'oss POST /tmf-api/serviceOrdering/v4/serviceOrder',
  'oss POST /tmf-api/serviceOrdering/v4/serviceOrder',
  'cloud-manager POST /cloud/v1/instances/counter-0/start',
  'platform-a1 POST /rni/v2/subscriptions',
  'platform-a1 POST /rni/v2/subscriptions',
  'platform-a1 POST /rni/v2/subscriptions',
  'platform-a1 PUT /mec_app_support/v1/applications/{id}/dns_rules/name',
  'platform-a1 PUT /mec_app_support/v1/applications/{id}/traffic_rules/all',
  'lcm-proxy POST /notifications/address_change',
  'platform-a1 DELETE /rni/v2/subscriptions/{id}',
  'platform-a1 DELETE /rni/v2/subscriptions/{id}',
  'platform-a1 DELETE /rni/v2/subscriptions/{id}',
  'meo-cellular POST /app_lcm/v1/app_instances/{id}/terminate',
  'meo-cellular DELETE /app_lcm/v1/app_instances/{id}',
];

/** The only effects that may be repeated after an unknown outcome: no read tells whether they took place. */
const repeatable: readonly { readonly effect: string; readonly nth: number; readonly target: Site }[] = [
  // It leaves nothing to be read, and says the same again
  { effect: 'lcm-proxy POST /notifications/address_change', nth: 1, target: 'a1' },
  { effect: 'lcm-proxy POST /notifications/address_change', nth: 1, target: 'cloud' },
  // The order for `noChange` of step 1, by which the OSS is asked whether it reaches the cloud
  { effect: 'oss POST /tmf-api/serviceOrdering/v4/serviceOrder', nth: 1, target: 'cloud' },
];

type Site = 'cloud' | 'a1';

const away = { cloud: 'a1', a1: 'cloud' } as const;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK);
  await fleet(stage, 3);
});
afterAll(async () => await stage?.strike());

/** Of the first, what the second does not have, counted one by one. */
function less(all: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return all.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Arms a fault that holds the call when it is executed; `kill` awaits that, and gives the worker's place to another one. */
async function armed(effect: string, nth: number): Promise<{ kill(): Promise<void> }> {
  const [peer = '', method = '', path = ''] = effect.split(' ');
  const since = await stage.logEnd();
  const operation = `${method} ${path.replaceAll('{id}', '*')}`;
  const call = await hold(stage, { peer, operation, nth, when: 'executed' });
  const kill = async (): Promise<void> => {
    await call.held();
    const here = (await logged(since)).filter(
      (one) => one.fault === 'hold' && `${one.peer} ${one.method}` === `${peer} ${method}`,
    );
    expect(here).toMatchObject([{ effect: true, phase: 'executed' }]);
    await stage.killWorker(); // throws unless it died of SIGKILL
    await call.release();
    const answered = peer === 'cloud-manager' ? 'answered' : 'lost'; // the OSS, who asks the cloud, lives
    await eventually(async () => (await logged(since)).some(({ n, phase }) => n === here[0]?.n && phase === answered));
    await stage.startWorker();
  };
  return { kill };
}

const logged = async (since: number): Promise<Logged[]> => await stage.sandbox<Logged[]>(`/log?since=${since}`);

async function isServedAt(site: Site): Promise<void> {
  const world = await worldOf(stage);
  const { instances, openOperations } = world.peers['meo-cellular'];
  const [cloud] = world.peers['cloud-manager'].instances;
  expect({
    cloud: cloud?.state,
    a1: instances.map(({ instantiationState }) => instantiationState),
    openOperations,
  }).toEqual(
    site === 'a1'
      ? { cloud: 'stopped', a1: ['INSTANTIATED'], openOperations: [] }
      : { cloud: 'running', a1: [], openOperations: [] },
  );
  const owners = subscribers(world);
  expect(owners).toHaveLength(3);
  for (const owner of owners) expect(owner.startsWith(`127.${NETWORK}.${site === 'a1' ? 21 : 41}.`)).toBe(true);
  expect(servingIn(world)).toEqual([site === 'a1' ? instances[0]?.id : 'counter-0']);
}

async function bringTo(site: Site): Promise<void> {
  const [cloud] = (await worldOf(stage)).peers['cloud-manager'].instances;
  if ((cloud?.state === 'running') === (site === 'cloud')) return;
  await expect(stage.relocate(away[site], site)).resolves.toMatchObject({ outcome: 'relocated' });
}

/** As the operator of the MEC system would. */
async function forgetPackage(): Promise<void> {
  const packages = `http://127.${NETWORK}.2.1:8080/app_pkgm/v1/app_packages`;
  for (const { id } of (await worldOf(stage)).peers['meo-cellular'].packages) {
    await fetch(`${packages}/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ operationalState: 'DISABLED' }),
    });
    expect((await fetch(`${packages}/${id}`, { method: 'DELETE' })).status).toBe(204);
  }
}

describe('without a fault', () => {
  it.each([
    { target: 'a1' as const, effects: [...packaging, ...toHost] },
    { target: 'cloud' as const, effects: toCloud },
  ])('a relocation to $target consists of these effects', async ({ target, effects }) => {
    const since = await stage.logEnd();
    const { result, figures } = await measured(stage, async () => await stage.relocate(away[target], target));
    expect(result).toMatchObject({ outcome: 'relocated' });
    expect(figures).toMatchObject(unharmed);
    expect((await stage.effects(since)).toSorted()).toEqual(effects.toSorted());
    await isServedAt(target);
  });
});

interface Killed {
  readonly target: Site;
  readonly effect: string;
  readonly nth: number;
  readonly expected: readonly string[];
}

const killed = (target: Site, effects: readonly string[], expected = effects): Killed[] =>
  effects.map((effect, at) => ({
    target,
    effect,
    nth: effects.slice(0, at + 1).filter((one) => one === effect).length,
    expected,
  }));
const there = [...killed('a1', packaging, [...packaging, ...toHost]), ...killed('a1', toHost)];
// On the way back only what differs
const back = killed('cloud', toCloud).filter(({ effect }) => /oss|cloud-manager|rules|app_lcm/.test(effect));
const inTurn = there
  .flatMap((one, at) => [one, ...back.slice(at, at + 1)])
  .map((one) => [`on the way to ${one.target}: ${one.effect} (${one.nth})`, one] as const);

describe('a worker killed when a peer has executed a call, and before it answered,', () => {
  it.each(inTurn)('%s', async (_, { target, effect, nth, expected }) => {
    await bringTo(away[target]);
    if (packaging.includes(effect)) await forgetPackage();
    const since = await stage.logEnd();
    const { result, figures } = await measured(stage, async () => {
      const call = await armed(effect, nth);
      const { id } = await stage.begin(away[target], target);
      await call.kill();
      return await stage.ends(id);
    });
    expect(result).toMatchObject({ outcome: 'relocated', leftovers: [], moved: { subscriptions: 3 } });
    expect(figures).toMatchObject(unharmed);
    const effects = await stage.effects(since);
    expect(less(expected, effects)).toEqual([]);
    const mayRepeat = repeatable.some((one) => one.effect === effect && one.nth === nth && one.target === target);
    expect(less(effects, expected)).toEqual(mayRepeat ? [effect] : []);
    await isServedAt(target);
  });
});

describe('a worker killed', () => {
  it('in the drain leaves the source serving, and the relocation goes on', async () => {
    await bringTo('cloud');
    const { result, figures } = await measured(stage, async () => {
      const { id } = await stage.begin('cloud', 'a1');
      await eventually(async () => (await stage.show(id)).step === 'drain', 30_000);
      await stage.killWorker();
      const [cloud] = (await worldOf(stage)).peers['cloud-manager'].instances;
      expect(cloud?.state).toBe('running');
      await stage.startWorker();
      return await stage.ends(id);
    });
    expect(result).toMatchObject({ outcome: 'relocated', leftovers: [] });
    expect(figures).toMatchObject(unharmed);
    await isServedAt('a1');
  });

  it('twice while a relocation is undone leaves the world as it was', async () => {
    await bringTo('cloud');
    const { result, figures } = await measured(stage, async () => {
      const subscriptions = { peer: 'platform-a1', operation: 'POST /rni/v2/subscriptions' };
      await stage.fault({ ...subscriptions, nth: 3, times: 1, kind: 'status', status: 403 });
      const first = await armed('platform-a1 DELETE /rni/v2/subscriptions/{id}', 1);
      const second = await armed('meo-cellular POST /app_lcm/v1/app_instances/{id}/terminate', 1);
      const { id } = await stage.begin('cloud', 'a1');
      await first.kill();
      await second.kill();
      return await stage.ends(id);
    });
    expect(result).toMatchObject({
      outcome: 'rolledBack',
      leftovers: [],
      failure: { type: 'SubscriptionRefused', step: 'copyAhead' },
    });
    expect(figures).toMatchObject(unharmed);
    await isServedAt('cloud');
  });
});
