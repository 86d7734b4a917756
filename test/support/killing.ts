import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { claimNetwork } from './network.ts';
import { fleet, hold, measured, servingIn, subscribers, unharmed, worldOf } from './sight.ts';
import { anonymous, type Held, type Logged, Stage } from './stage.ts';

/** How to kill the worker of a stage where it hurts, and what then has to be. */
let NETWORK: number;
export let stage: Stage;

export function onAStage(): void {
  beforeAll(async () => {
    ({ net: NETWORK } = await claimNetwork());
    stage = await Stage.set(NETWORK);
    // A window that somebody is killed in lasts ten times as long as another: it has as many writes all the same
    await fleet(stage, 3, { rate: 2 });
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
const telling = 'lcm-proxy POST /notifications/address_change';
const unsubscribing = Array.from({ length: 3 }, () => 'platform-a1 DELETE /rni/v2/subscriptions/{id}');

/** In turn, what has an effect. Each group is of a step or two: of those that are alike all are in one. */
const groups: Readonly<Record<Site, readonly (readonly string[])[]>> = {
  a1: [
    ['meo-cellular POST /app_lcm/v1/app_instances', 'meo-cellular POST /app_lcm/v1/app_instances/{id}/instantiate'],
    subscribing,
    turning,
    [telling],
    unsubscribing,
    ['oss POST /tmf-api/serviceOrdering/v4/serviceOrder', 'cloud-manager POST /cloud/v1/instances/counter-0/stop'],
  ],
  cloud: [
    [
      'oss POST /tmf-api/serviceOrdering/v4/serviceOrder',
      'oss POST /tmf-api/serviceOrdering/v4/serviceOrder',
      'cloud-manager POST /cloud/v1/instances/counter-0/start',
    ],
    subscribing,
    turning,
    [telling],
    unsubscribing,
    [
      'meo-cellular POST /app_lcm/v1/app_instances/{id}/terminate',
      'meo-cellular DELETE /app_lcm/v1/app_instances/{id}',
    ],
  ],
};

/** Of a whole relocation. */
export const effectsTo = { a1: groups.a1.flat(), cloud: groups.cloud.flat() } as const;

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

interface Armed {
  /** Of the fault. */
  readonly id: string;
  kill(): Promise<void>;
}

/** Arms a fault that holds the call when it is executed; `kill` awaits that, and gives the worker's place to another one. */
export async function armed(effect: string, nth: number): Promise<Armed> {
  const [peer = '', method = '', path = ''] = effect.split(' ');
  const since = await stage.logEnd();
  const operation = `${method} ${path.replaceAll('{id}', '*')}`;
  const call = await hold(stage, { peer, operation, nth, when: 'executed' });
  const kill = async (): Promise<void> => {
    await call.held();
    const here = (await logged(since)).filter(
      (one) => one.fault === 'hold' && `${one.peer} ${one.method} ${anonymous(one.path)}` === effect,
    );
    expect(here).toMatchObject([{ effect: true, phase: 'executed' }]);
    await stage.killWorker(); // throws unless it died of SIGKILL
    await call.release();
    const answered = peer === 'cloud-manager' ? 'answered' : 'lost'; // the OSS, who asks the cloud, lives
    await eventually(async () => (await logged(since)).some(({ n, phase }) => n === here[0]?.n && phase === answered));
    await stage.startWorker();
  };
  return { id: call.id, kill };
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

interface Death {
  readonly effect: string;
  /** Of those that are alike. */
  readonly nth: number;
}

/** A relocation, and each effect at which a worker dies of it: one of each group. */
interface Journey {
  readonly target: Site;
  readonly deaths: readonly Death[];
}

const deathsOf = (group: readonly string[]): Death[] =>
  group.map((effect, at) => ({ effect, nth: group.slice(0, at + 1).filter((one) => one === effect).length }));

/** As many as it takes until a worker has died of everything. Of one group one dies: each begins with what is done. */
function journeysTo(target: Site, deaths: readonly (readonly Death[])[]): Journey[] {
  const many = Math.max(...deaths.map(({ length }) => length));
  return Array.from({ length: many }, (_, at) => ({
    target,
    deaths: deaths.flatMap((group) => group.slice(at, at + 1)),
  }));
}

const there = journeysTo('a1', [packaging, ...groups.a1].map(deathsOf));
/** Only what differs. */
const back = journeysTo(
  'cloud',
  groups.cloud.map((group) => deathsOf(group).filter(({ effect }) => /oss|cloud-manager|rules|app_lcm/.test(effect))),
);
const told = ({ target, deaths }: Journey): string =>
  `on the way to ${target}: ${deaths.map(({ effect, nth }) => `${effect} (${nth})`).join(', ')}`;

/** Kills at each, in whatever order they come. One question tells of all. */
async function killAt(calls: readonly Armed[]): Promise<void> {
  for (const waiting = new Set(calls); waiting.size > 0; ) {
    let held: Armed | undefined;
    await eventually(async () => {
      const faults = await stage.sandbox<Held[]>('/faults');
      const here = new Set(faults.flatMap((fault) => (fault.held > 0 ? [fault.id] : [])));
      for (const call of waiting) if (here.has(call.id)) held = call;
      return held !== undefined;
    }, 30_000);
    if (held === undefined) return;
    waiting.delete(held);
    await held.kill();
  }
}

/** For each effect of a relocation: a worker that dies of it costs nothing. Each step knows nothing of what another bore. */
export function dyingOfEach(): void {
  const inTurn = there
    .flatMap((one, at) => [one, ...back.slice(at, at + 1)])
    .map((journey) => [told(journey), journey] as const);

  it.each(inTurn)('%s', async (_, { target, deaths }) => {
    const packages = deaths.some(({ effect }) => packaging.includes(effect));
    if (!packages) await havePackage();
    await bringTo(away[target]);
    if (packages) await forgetPackage();
    const expected = [...(packages ? packaging : []), ...effectsTo[target]];
    const since = await stage.logEnd();
    const { result, figures } = await measured(stage, async () => {
      const calls: Armed[] = [];
      for (const { effect, nth } of deaths) calls.push(await armed(effect, nth));
      const { id } = await stage.begin(away[target], target);
      await killAt(calls);
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
    const mayRepeat = deaths.filter(({ effect, nth }) =>
      repeatable.some((one) => one.effect === effect && one.nth === nth && one.target === target),
    );
    expect(less(effects, expected)).toEqual(mayRepeat.map(({ effect }) => effect));
    await isServedAt(target);
  });
}
