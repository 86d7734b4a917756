import { failures, isFailureType, type FailureType } from '../../domain/failures.ts';
import type { Guarantee, Plan } from '../../domain/relocation.ts';
import { redirected } from '../../domain/steering.ts';
import { stepNames } from '../../domain/steps.ts';
import { failure } from '../failure.ts';
import type { Instance, Network } from '../ports.ts';
import { alive } from '../waiting.ts';
import { remember, type Found } from './found.ts';
import { isLocated, roleOf, sceneOf, type Located, type Means, type Scene, type Subject } from './subject.ts';

/** Step 1 (GR MEC 035, [5.3.2-2], [5.4.2-1], 6.6.3): what was found, and what may be promised. */
export interface Checked {
  readonly found: Found;
  readonly guarantee: Guarantee;
  readonly subscriptions: number;
  readonly expectedFreezeMs: number | null;
  /** At least this long the source answers after the path was turned: old TTL, or the resolvers' clamp. */
  readonly drainMs: number;
  readonly observed: boolean;
}

/** What stands in the way. */
interface Obstacle {
  readonly type: FailureType;
  readonly where: string;
  readonly detail: string;
}

interface Survey extends Checked {
  readonly obstacles: readonly Obstacle[];
  readonly authority: Located | undefined;
  readonly steering: readonly string[];
}

export interface CheckOrder extends Subject {
  readonly maxInterruptionMs: number | null;
  /** What an earlier check found: after a hold everything is verified anew, and what was found stays. */
  readonly found: Found | null;
}

export const checking = (means: Means) => ({
  /**
   * Verifies source, target, path and conditions, then has the source promise its users to this relocation. A failure
   * that is not worth a retry comes before the promise: nothing is to be undone then.
   */
  checkRelocation: async (order: CheckOrder): Promise<Checked> =>
    await alive(means.pace, async ({ signal, progress }) => {
      const scene = sceneOf(means, order);
      progress('looking at source, target and path');
      const {
        obstacles,
        authority,
        steering: _,
        ...checked
      } = await survey(means, scene, { ...order, mayOrder: true }, signal);
      const [first] = obstacles;
      if (first !== undefined) throw failure(first.type, `${first.where}: ${first.detail}`);
      if (authority === undefined) throw failure('NotServing', `${scene.source.name}: no instance serves these users`);
      if (scene.application.management !== undefined) {
        progress('asking the source for its promise');
        await means.world.context.promise(
          authority.endpoint,
          { relocation: scene.relocation, users: order.users, target: null },
          signal,
        );
      }
      return { ...checked, found: order.found ?? checked.found };
    }),

  /** The undo: the source is free again, and a late hand-over of this relocation will be refused for ever. */
  releasePromise: async (subject: Subject): Promise<void> =>
    await alive(means.pace, async ({ signal }) => {
      const { application, source, relocation } = sceneOf(means, subject);
      if (application.management === undefined) return;
      for (const instance of await source.instances.list(application, signal)) {
        if (!isLocated(instance)) continue;
        const settlement = await means.world.context.settle(instance.endpoint, { relocation, retired: false }, signal);
        if (settlement === 'handedOver')
          throw failure('OwnershipLost', `${source.name}: the users were handed over after all`);
      }
    }),

  /** Step 1 without side effects, with all that stands in the way at once. */
  planRelocation: async (order: CheckOrder): Promise<Omit<Plan, 'direction'>> =>
    await alive(means.pace, async ({ signal }) => {
      const scene = sceneOf(means, order);
      const seen = await survey(means, scene, { ...order, mayOrder: false }, signal);
      const { found } = seen;
      return {
        possible: seen.obstacles.length === 0,
        obstacles: seen.obstacles.map(({ type, where, detail }) => ({
          failure: type,
          where,
          detail,
          remedy: failures[type].remedy,
        })),
        package: found.package,
        instance: found.target === null ? 'create' : found.target.was === 'stopped' ? 'restart' : 'share',
        subscriptions: seen.subscriptions,
        steering: [...seen.steering],
        observed: seen.observed,
        guarantee: seen.guarantee,
        expectedFreezeMs: seen.expectedFreezeMs,
        drainMs: seen.drainMs,
        calls: stepNames.flatMap((step) =>
          (step === 'retire' || step === 'check' ? scene.source : scene.target)
            .calls(step)
            .map((call) => ({ step, ...call })),
        ),
      };
    }),
});

/** `mayOrder`: a relocation may place an order to find out whether a cloud is in reach; a plan changes nothing. */
async function survey(
  means: Means,
  scene: Scene,
  { mayOrder, ...order }: CheckOrder & { readonly mayOrder: boolean },
  signal: AbortSignal,
): Promise<Survey> {
  const { world, digest } = means;
  const { application, source, target, device } = scene;
  const obstacles: Obstacle[] = [];
  const obstacle = (type: FailureType, where: string, detail: string): void =>
    void obstacles.push({ type, where, detail });
  /** A definite no of a peer is an obstacle like any other; what may pass is thrown on, and asked again. */
  const tolerating = async <T>(otherwise: T, where: string, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      const type = error instanceof Error && 'type' in error ? error.type : undefined;
      if (!isFailureType(type) || failures[type].retry) throw error;
      obstacle(type, where, (error as Error).message);
      return otherwise;
    }
  };

  // The source: the one instance that is the authority for these users
  const serving = (await source.instances.list(application, signal)).filter(isLocated);
  const keepsContract = application.management !== undefined;
  let authority: Located | undefined = keepsContract ? undefined : serving[0];
  let expectedFreezeMs: number | null = keepsContract ? null : 0;
  if (keepsContract) {
    for (const instance of serving) {
      const state = await world.context.state(instance.endpoint, order.users, signal);
      if (roleOf(state, order.users) !== 'authority') continue;
      authority = instance;
      ({ expectedFreezeMs } = state);
      if (state.promisedTo !== null && state.promisedTo !== scene.relocation)
        obstacle('PromisedElsewhere', source.name, 'another relocation moves these users');
    }
  } else if (application.stateful)
    obstacle('ContractMissing', application.name, 'keeps state, but not the application contract');
  if (authority === undefined)
    obstacle('NotServing', source.name, `no instance of ${application.name} there is the authority for these users`);
  if (order.maxInterruptionMs !== null && expectedFreezeMs !== null && expectedFreezeMs > order.maxInterruptionMs)
    obstacle(
      'InterruptionTooLong',
      source.name,
      `a freeze of ${expectedFreezeMs} ms is to be expected, ${order.maxInterruptionMs} ms are allowed`,
    );
  if (authority !== undefined && (await source.mobility?.forbidden(authority.id, device, signal)))
    obstacle('MobilityNotAllowed', source.name, 'the application registered its users as not to be moved (MEC 021)');

  // The target: in reach, with the package or ready for it, with the services that the application requires
  await tolerating(
    'unknown' as const,
    target.name,
    async () => await target.instances.reach(application, { mayOrder }, signal),
  );
  const held = await target.packages.find(application, signal);
  if (held === 'mismatch') obstacle('PackageMismatch', target.name, `holds another package as ${application.appDId}`);
  const there = targetInstance(await target.instances.list(application, signal), scene.key('instantiateTarget'));
  const services = await target.subscriptions.missing(application.requires, signal);
  if (services.length > 0) obstacle('ServiceMissing', target.name, `${services.join(', ')} is not ACTIVE`);

  // The path: whoever steers the devices of the networks concerned
  const ways = await Promise.all([target, source].map(async ({ steering }) => await steering?.available(signal)));
  if (!ways.includes(true)) obstacle('NotSteerable', target.name, 'no rules at either side could lead devices there');
  const networks = networksOf(scene);
  const sourceRules =
    authority !== undefined && source.steering !== undefined ? await source.steering.read(authority.id, signal) : [];
  const targetRules =
    there !== undefined && there.state === 'started' && target.steering !== undefined
      ? await target.steering.read(there.id, signal)
      : [];
  const ttls = sourceRules.flatMap(({ rule }) => (rule.kind === 'dns' && rule.active ? [rule.ttl ?? 0] : []));
  for (const { vantage } of networks)
    if (vantage !== undefined) ttls.push((await vantage.resolve(application.domainName, signal)).ttl);

  const subscriptions =
    authority === undefined
      ? 0
      : (await source.subscriptions.list({ instance: authority.id, endpoint: authority.endpoint }, signal)).held.length;
  const already =
    there !== undefined && isLocated(there)
      ? (await target.subscriptions.list({ instance: there.id, endpoint: there.endpoint }, signal)).held.map(
          ({ id }) => id,
        )
      : [];

  return {
    found: {
      source: authority?.id ?? '',
      sourceRules: sourceRules.map(({ rule }) => remember(rule, digest)),
      target: there === undefined ? null : { id: there.id, was: there.state === 'started' ? 'started' : 'stopped' },
      targetRules: targetRules.map(({ rule }) => remember(rule, digest)),
      targetSubscriptions: already,
      package: held === 'usable' ? 'kept' : 'distribute',
    },
    guarantee: keepsContract ? 'zeroLoss' : 'stateless',
    subscriptions,
    expectedFreezeMs,
    drainMs: Math.max(0, ...ttls, ...networks.map(({ resolverClampSeconds }) => resolverClampSeconds)) * 1_000,
    observed: networks.length > 0 && networks.every(({ vantage }) => vantage !== undefined),
    obstacles,
    authority,
    steering: [
      ...(target.steering === undefined
        ? []
        : [
            `${target.name}: ${device === null ? 'name and traffic rule' : 'traffic rule of the device'} lead to the target`,
          ]),
      ...(source.steering === undefined
        ? []
        : [
            `${source.name}: ${device === null ? `name leads to the target (${redirected(sourceRules.map(({ rule }) => rule)).length} older addresses redirected)` : 'traffic rule of the device follows'}`,
          ]),
      ...networks.map(({ name, vantage }) =>
        vantage === undefined ? `${name}: not observed` : `${name}: observed from its vantage point`,
      ),
    ],
  };
}

/** The access networks whose devices are concerned. */
export function networksOf({ source, target }: Pick<Scene, 'source' | 'target'>): Network[] {
  const networks = [target.network, source.network].filter((network) => network !== undefined);
  return [...new Map(networks.map((network) => [network.name, network])).values()];
}

/** Which instance there will be used: one that serves, else a kept one; one that we are just making is none that was found. */
function targetInstance(instances: readonly Instance[], key: string): Instance | undefined {
  const others = instances.filter(({ name }) => name !== key);
  return others.find(({ state }) => state === 'started') ?? others.find(({ state }) => state === 'stopped');
}
