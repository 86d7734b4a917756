import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { claimNetwork } from './network.ts';
import { fleet, hold, measured, servingIn, subscribers, unharmed, worldOf } from './sight.ts';
import { type Logged, Stage } from './stage.ts';

/** How to kill the worker of a stage where it hurts, and what then has to be. */
let NETWORK: number;
export let stage: Stage;

/** One for each test file that says so. */
export function onAStage(): void {
  beforeAll(async () => {
    ({ net: NETWORK } = await claimNetwork());
    stage = await Stage.set(NETWORK);
    await fleet(stage, 3);
  });
  afterAll(async () => await stage?.strike());
}

export type Site = 'cloud' | 'a1';
export const away = { cloud: 'a1', a1: 'cloud' } as const;

/** What peers execute: `peer METHOD path`. What an instance does at its platform by itself is none of the relocation's. */
export const packaging = [
  'meo-cellular POST /app_pkgm/v1/app_packages',
  'meo-cellular PUT /app_pkgm/v1/app_packages/{id}/package_content',
];
const subscribing = Array.from({ length: 3 }, () => 'platform-a1 POST /rni/v2/subscriptions');
const turning = [
  'platform-a1 PUT /mec_app_support/v1/applications/{id}/dns_rules/name',
  'platform-a1 PUT /mec_app_support/v1/applications/{id}/traffic_rules/all',
];
const leaving = [
  'lcm-proxy POST /notifications/address_change',
  ...Array.from({ length: 3 }, () => 'platform-a1 DELETE /rni/v2/subscriptions/{id}'),
];

/** Each part is of a test file of its own: the stages work side by side. */
const parts = {
  instance: {
    a1: ['meo-cellular POST /app_lcm/v1/app_instances', 'meo-cellular POST /app_lcm/v1/app_instances/{id}/instantiate'],
    cloud: [
      'oss POST /tmf-api/serviceOrdering/v4/serviceOrder',
      'oss POST /tmf-api/serviceOrdering/v4/serviceOrder',
      'cloud-manager POST /cloud/v1/instances/counter-0/start',
    ],
  },
  path: { a1: [...subscribing, ...turning], cloud: [...subscribing, ...turning] },
  retirement: {
    a1: [
      ...leaving,
      'oss POST /tmf-api/serviceOrdering/v4/serviceOrder',
      'cloud-manager POST /cloud/v1/instances/counter-0/stop',
    ],
    cloud: [
      ...leaving,
      'meo-cellular POST /app_lcm/v1/app_instances/{id}/terminate',
      'meo-cellular DELETE /app_lcm/v1/app_instances/{id}',
    ],
  },
} as const;

const all = (target: Site): string[] => Object.values(parts).flatMap((part) => part[target]);
/** Of a whole relocation. */
export const effectsTo = { a1: all('a1'), cloud: all('cloud') } as const;

/** The only effects that may be repeated after an unknown outcome: no read tells whether they took place. */
const repeatable: readonly { readonly effect: string; readonly nth: number; readonly target: Site }[] = [
  // It leaves nothing to be read, and says the same again
  { effect: 'lcm-proxy POST /notifications/address_change', nth: 1, target: 'a1' },
  { effect: 'lcm-proxy POST /notifications/address_change', nth: 1, target: 'cloud' },
  // The order for `noChange` of step 1, by which the OSS is asked whether it reaches the cloud
  { effect: 'oss POST /tmf-api/serviceOrdering/v4/serviceOrder', nth: 1, target: 'cloud' },
];

/** Of the first, what the second does not have, counted one by one. */
function less(these: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return these.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const logged = async (since: number): Promise<Logged[]> => await stage.sandbox<Logged[]>(`/log?since=${since}`);

/** Arms a fault that holds the call when it is executed; `kill` awaits that, and gives the worker's place to another one. */
export async function armed(effect: string, nth: number): Promise<{ kill(): Promise<void> }> {
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

export async function isServedAt(site: Site): Promise<void> {
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

export async function bringTo(site: Site): Promise<void> {
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

/** What a relocation to the host has made sure of, once there was one. */
async function havePackage(): Promise<void> {
  if ((await worldOf(stage)).peers['meo-cellular'].packages.length === 0) await bringTo('a1');
}

interface Killed {
  readonly target: Site;
  readonly effect: string;
  readonly nth: number;
  readonly expected: readonly string[];
}

const killed = (target: Site, effects: readonly string[], expected: readonly string[] = effectsTo[target]): Killed[] =>
  effects.map((effect, at) => ({
    target,
    effect,
    nth: effects.slice(0, at + 1).filter((one) => one === effect).length,
    expected,
  }));

/** For each effect of this part of a relocation: a worker that dies of it costs nothing. */
export function dyingOfEach(part: keyof typeof parts): void {
  const { a1, cloud } = parts[part];
  const withPackage = [...packaging, ...effectsTo.a1];
  const there = [...(part === 'instance' ? killed('a1', packaging, withPackage) : []), ...killed('a1', a1)];
  // On the way back only what differs
  const back = killed('cloud', cloud).filter(({ effect }) => /oss|cloud-manager|rules|app_lcm/.test(effect));
  const inTurn = there
    .flatMap((one, at) => [one, ...back.slice(at, at + 1)])
    .map((one) => [`on the way to ${one.target}: ${one.effect} (${one.nth})`, one] as const);

  it.each(inTurn)('%s', async (_, { target, effect, nth, expected }) => {
    if (!packaging.includes(effect)) await havePackage();
    await bringTo(away[target]);
    if (packaging.includes(effect)) await forgetPackage();
    const since = await stage.logEnd();
    const { result, figures } = await measured(stage, async () => {
      const call = await armed(effect, nth);
      const { id } = await stage.begin(away[target], target);
      await call.kill();
      return await stage.ends(id);
    });
    expect(result).toMatchObject({
      outcome: 'relocated',
      failure: null,
      leftovers: [],
      moved: { subscriptions: 3 },
    });
    expect(figures).toMatchObject(unharmed);
    const effects = await stage.effects(since);
    expect(less(expected, effects)).toEqual([]);
    const mayRepeat = repeatable.some((one) => one.effect === effect && one.nth === nth && one.target === target);
    expect(less(effects, expected)).toEqual(mayRepeat ? [effect] : []);
    await isServedAt(target);
  });
}
