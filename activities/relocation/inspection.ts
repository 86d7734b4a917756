import type { ApplicationState } from '../../domain/application.ts';
import { isClaimedTwice, serves } from '../../domain/application.ts';
import { atOnce } from '../../domain/at-once.ts';
import { failures, isFailureType, type FailureType } from '../../domain/failures.ts';
import type { Guarantee } from '../../domain/relocation.ts';
import type { Instance, Led, Network, PathSight } from '../ports.ts';
import { foreseeSubscriptions } from './subscriptions.ts';
import { isLocated, leads, networksOf, whatItSays, willOf, type Located, type Scene, type Subject } from './subject.ts';

/** Instances are asked side by side: one that hangs holds up the others no longer than itself. */
const AT_ONCE = 8;

const OUT_OF_TIME = 'what was asked there was not answered in the time that this look has';

/** What stands in the way. */
export interface Obstacle {
  readonly type: FailureType;
  readonly where: string;
  readonly detail: string;
}

export interface InspectionOrder extends Subject {
  readonly maxInterruptionMs: number | null;
  /** The target instance of an earlier pass: it is none that was found. */
  readonly own: string | null;
}

/** What was found, and what may be promised. */
export interface Inspection {
  readonly obstacles: readonly Obstacle[];
  readonly authority: Located | undefined;
  /** The instance at the target that will be used, where there is one already. */
  readonly there: { readonly id: string; readonly was: 'started' | 'stopped' } | null;
  readonly package: 'kept' | 'distribute';
  readonly guarantee: Guarantee;
  /** Moved only once an operator has said so (MEC 021, APP_MOBILITY_WITH_CONFIRMATION). */
  readonly confirmation: boolean;
  readonly subscriptions: number;
  readonly expectedFreezeMs: number | null;
  /** At least this long the source answers after the path was turned: old TTL, or the resolvers' clamp. */
  readonly drainMs: number;
  readonly observed: boolean;
  /** Each rule that would be turned, what cannot be, and from where it is observed. */
  readonly told: readonly string[];
}

/**
 * The one look at source, target and path: what a plan tells, and what a relocation begins with. Changes nothing.
 * `everything`: whatever cannot be asked is an obstacle too; otherwise what may pass is thrown on, and asked again.
 */
export async function inspect(
  scene: Scene,
  order: InspectionOrder,
  everything: boolean,
  signal: AbortSignal,
): Promise<Inspection> {
  const { application, source, target, device } = scene;
  const obstacles: Obstacle[] = [];
  const obstacle = (type: FailureType, where: string, detail: string): void =>
    void obstacles.push({ type, where, detail });
  const asking = async <T>(otherwise: T, where: string, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      const type = error instanceof Error && 'type' in error ? error.type : undefined;
      if (!isFailureType(type) || (!everything && failures[type].retry)) throw error;
      obstacle(type, where, signal.aborted ? OUT_OF_TIME : (error as Error).message);
      return otherwise;
    }
  };

  const [{ serving, unusable, silent: unheard }, { there, silent }, held, missing, reach] = await Promise.all([
    asking(nobody, source.name, async () => await servingAt(scene, order, asking, signal)),
    asking(nothingThere, target.name, async () => await atTarget(scene, order, signal)),
    asking('absent' as const, target.name, async () => await target.packages.find(application, signal)),
    asking([], target.name, async () => await target.subscriptions.missing(application.requires, signal)),
    asking(
      'reached' as const,
      target.name,
      async () => await target.instances.reach(application, { mayOrder: !everything }, signal),
    ),
  ]);

  // The source: the one instance that is the authority for these users
  const [only, ...more] = serving;
  const authority = more.length === 0 ? only?.instance : undefined;
  const expectedFreezeMs = only?.state.expectedFreezeMs ?? null;
  if (application.stateful && scene.context.source.guarantee === 'stateless')
    obstacle('ContractMissing', application.name, 'keeps state, but not the application contract');
  if (only === undefined && !obstacles.some(({ where }) => where === source.name))
    obstacle(
      'NotServing',
      source.name,
      [`no instance of ${application.name} there is the authority for these users`, ...unusable].join('; '),
    );
  if (more.length > 0) {
    const ids = serving.map(({ instance }) => instance.id).join(' and ');
    const states = serving.map(({ state }) => state);
    if (isClaimedTwice(states, order.users))
      obstacle('AuthoritySplit', source.name, `instances ${ids} both say that they serve the same users`);
    else obstacle('NotServing', source.name, `its users are spread over instances ${ids}: move them one by one`);
  }
  // Side by side: each may hang
  const [mobility, subscriptions, path] = await Promise.all([
    authority === undefined
      ? undefined
      : asking(undefined, source.name, async () => await source.mobility?.level(authority.id, device, signal)),
    authority === undefined ? none : inspectSubscriptions(scene, authority, asking, signal),
    inspectPath(scene, authority, there, asking, signal),
  ]);
  const promisedTo = only?.state.promisedTo ?? null;
  if (promisedTo !== null && promisedTo !== scene.relocation)
    obstacle('PromisedElsewhere', source.name, `its instance has promised these users to relocation ${promisedTo}`);
  if (order.maxInterruptionMs !== null && expectedFreezeMs !== null && expectedFreezeMs > order.maxInterruptionMs)
    obstacle(
      'InterruptionTooLong',
      source.name,
      `a freeze of ${expectedFreezeMs} ms is to be expected, ${order.maxInterruptionMs} ms are allowed`,
    );
  if (mobility === 'forbidden')
    obstacle('MobilityNotAllowed', source.name, 'the application registered its users as not to be moved (MEC 021)');

  // The target: with the package or ready for it, with the services that the application requires
  if (held === 'mismatch') obstacle('PackageMismatch', target.name, `holds another package as ${application.appDId}`);
  if (held === 'absent') await asking(undefined, target.name, async () => await target.packages.sendable(application));
  if (missing.length > 0) obstacle('ServiceMissing', target.name, `${missing.join(', ')} is not ACTIVE`);
  if (there !== undefined && there.id === authority?.id)
    obstacle('TargetRefused', target.name, `instance ${there.id} there is the source itself: the sites overlap`);
  for (const detail of subscriptions.lacking) obstacle('SubscriptionRefused', target.name, detail);

  // The path: whoever steers the devices of the networks concerned
  for (const detail of path.obstacles) obstacle('NotSteerable', source.name, detail);
  if (!path.steers) obstacle('NotSteerable', target.name, path.why);
  const networks = networksOf(scene);
  return {
    obstacles,
    authority,
    there: there === undefined ? null : { id: there.id, was: there.state === 'stopped' ? 'stopped' : 'started' },
    package: held === 'usable' ? 'kept' : 'distribute',
    guarantee: scene.context.source.guarantee,
    confirmation: mobility === 'confirmation',
    subscriptions: subscriptions.carried,
    expectedFreezeMs,
    drainMs: Math.max(path.ttlSeconds, ...networks.map(({ resolverClampSeconds }) => resolverClampSeconds)) * 1_000,
    observed: networks.length > 0 && networks.every(({ vantage }) => vantage !== undefined),
    told: [
      ...path.told,
      ...subscriptions.told,
      ...(scene.context.source.guarantee === 'stateless' && device !== null
        ? [`${source.name}: its instance stays: without the application contract nobody knows whom else it serves`]
        : []),
      ...(reach === 'unknown'
        ? [`${target.name}: whether its OSS reaches it is not known, it would take an order`]
        : []),
      ...unheard.map((id) => `${source.name}: instance ${id} does not answer; whoever it may serve stays with it`),
      ...silent.map((id) => `${target.name}: instance ${id} does not answer, and is left alone`),
      ...networks.map(({ name, vantage }) =>
        vantage === undefined ? `${name}: not observed` : `${name}: observed from its vantage point`,
      ),
    ],
  };
}

type Asking = <T>(otherwise: T, where: string, ask: () => Promise<T>) => Promise<T>;

const none: { readonly carried: number; readonly lacking: readonly string[]; readonly told: readonly string[] } = {
  carried: 0,
  lacking: [],
  told: [],
};

/** What is to be carried, what cannot be made at the target, and what stays behind whatever is done: never silence. */
async function inspectSubscriptions(
  { source, target, device }: Scene,
  authority: Located,
  asking: Asking,
  signal: AbortSignal,
): Promise<typeof none> {
  const from = { instance: authority.id, endpoint: authority.endpoint };
  const seen = await asking(undefined, source.name, async () =>
    foreseeSubscriptions({ source, target, from, device }, signal),
  );
  if (seen === undefined) return none;
  const { wanted, lacking, notCarried } = seen;
  return {
    carried: wanted.length,
    lacking: lacking.map(({ service, type }) => `has no service ${service} for a subscription of type ${type}`),
    told: notCarried.map(
      ({ service, type, why }) =>
        `${source.name}: a subscription ${type === null ? '' : `of type ${type} `}at ${service} is not carried over: ${why}`,
    ),
  };
}

interface Serving {
  readonly instance: Located;
  readonly state: ApplicationState;
}

interface AtSource {
  readonly serving: readonly Serving[];
  readonly unusable: readonly string[];
  readonly silent: readonly string[];
}

const nobody: AtSource = { serving: [], unusable: [], silent: [] };

/**
 * Every instance there that says that it serves these users, and why others could not be asked. A user has one authority: beside
 * one who says that he is it, `silent` ones are told and left alone; where nobody says so, one of them may be it.
 */
async function servingAt(
  { source, application, context }: Scene,
  { users }: Subject,
  asking: Asking,
  signal: AbortSignal,
): Promise<AtSource> {
  const instances = await source.instances.list(application, signal);
  const asked = await atOnce(AT_ONCE, instances.filter(isLocated), async (instance) => ({
    instance,
    said: await whatItSays(async () => await context.source.state(instance.endpoint, users, signal), signal),
  }));
  const serving = asked.flatMap(({ instance, said }) =>
    said instanceof Error || !serves(said, users) ? [] : [{ instance, state: said }],
  );
  const silent = asked.flatMap(({ instance: { id }, said }) => (said instanceof Error ? [{ id, why: said }] : []));
  if (serving.length === 0)
    for (const { why } of silent) await asking(undefined, source.name, async () => await Promise.reject(why));
  return {
    serving,
    unusable: instances.flatMap(({ unusable }) => unusable ?? []),
    silent: silent.map(({ id }) => id),
  };
}

const nothingThere: { readonly there: Instance | undefined; readonly silent: readonly string[] } = {
  there: undefined,
  silent: [],
};

/**
 * One that serves, else a kept one; none that is ours, and none that goes. `silent`: those that do not say whether they
 * serve or go, and so are left alone.
 */
async function atTarget(
  { target, application, context, key }: Scene,
  { own }: InspectionOrder,
  signal: AbortSignal,
): Promise<typeof nothingThere> {
  const step = key('instantiateTarget');
  const others = (await target.instances.list(application, signal)).filter(
    ({ id, name, unusable }) => name !== step && id !== own && unusable === undefined,
  );
  const asked = await atOnce(AT_ONCE, others.filter(isLocated), async (instance) => ({
    instance,
    will: await willOf(context.target, instance, signal),
  }));
  const there = asked.find(({ will }) => will === 'stays')?.instance ?? others.find(({ state }) => state === 'stopped');
  return { there, silent: asked.flatMap(({ instance, will }) => (will === 'unknown' ? [instance.id] : [])) };
}

async function inspectPath(
  { source, target, application, device }: Scene,
  authority: Located | undefined,
  there: Instance | undefined,
  asking: Asking,
  signal: AbortSignal,
): Promise<{
  steers: boolean;
  why: string;
  obstacles: readonly string[];
  ttlSeconds: number;
  told: readonly string[];
}> {
  const whom = { name: application.domainName, device, ruleIds: application.ruleIds };
  const look = async (site: typeof source, instance: Led | null): Promise<PathSight | undefined> =>
    await asking(undefined, site.name, async () => await site.path?.look(instance, whom, signal));
  const resolve = async ({ name, vantage }: Network) =>
    vantage && (await asking(undefined, name, async () => vantage.resolve(whom.name, signal)));
  const [here, away, ...resolved] = await Promise.all([
    look(target, there === undefined || there.state !== 'started' ? null : there),
    authority === undefined ? undefined : look(source, authority),
    ...networksOf({ source, target }).map(resolve),
  ]);
  const sights = [
    [target.name, here],
    [source.name, away],
  ] as const;
  const seen = sights.flatMap(([, sight]) => sight ?? []);
  const ttls = [...seen.map(({ ttlSeconds }) => ttlSeconds), ...resolved.flatMap((answer) => answer?.ttl ?? [])];
  return {
    steers: seen.some((sight) => leads(sight, device)),
    why: `no ${device === null ? 'name or traffic' : 'traffic'} rule at either side could lead devices there`,
    ttlSeconds: Math.max(0, ...ttls),
    obstacles: away?.obstacles ?? [],
    told: sights.flatMap(([name, sight]) => (sight?.told ?? []).map((told) => `${name}: ${told}`)),
  };
}
