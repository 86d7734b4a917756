import { type Accepted, isAccepted, risks } from '../../domain/guarantee.ts';
import type { SeenInLists } from '../../domain/subscription.ts';
import type { Guarantee } from '../../domain/relocation.ts';
import { cordonWords } from './cordon.ts';
import { promisedOf, type Promised } from './guarantee.ts';
import { inspectPath } from './inspect-path.ts';
import { authorityOf, inspectSubscriptions, nobody, none, servingAt } from './inspect-source.ts';
import { atTarget, nothingThere } from './inspect-target.ts';
import { Obstacles, type Obstacle } from './obstacles.ts';
import { networksOf, type Located, type Scene, type Subject } from './subject.ts';

export interface InspectionOrder extends Subject {
  readonly maxInterruptionMs: number | null;
  /** The target instance of an earlier pass: it is none that was found. */
  readonly own: string | null;
  /** The weakest guarantee that will do; absent: that nothing is lost. */
  readonly accept?: Accepted;
  /** What is asked for is a standby, in case the source is lost. */
  readonly standby?: true;
  /** The source is taken to be dead: nothing is asked of it. */
  readonly lost?: true;
  /** Accepted: whoever else cannot be asked is passed over. */
  readonly otherUnknown?: true;
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
  readonly seen: SeenInLists;
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
  const obstacles = new Obstacles(everything, signal);

  const descriptor = await target.packages.described(application);
  const needed = [...new Set([...application.requires, ...(descriptor?.requires ?? [])])];
  const [seen, { there, silent }, held, missing, reach, cordon] = await Promise.all([
    order.lost
      ? nobody
      : obstacles.asking(nobody, source.name, async () => await servingAt(scene, order, obstacles, signal)),
    obstacles.asking(nothingThere, target.name, async () => await atTarget(scene, order, signal)),
    obstacles.asking('absent' as const, target.name, async () => await target.packages.find(application, signal)),
    obstacles.asking([], target.name, async () => await target.subscriptions.missing(needed, signal)),
    obstacles.asking(
      'reached' as const,
      target.name,
      async () => await target.instances.reach(application, { mayOrder: !everything }, signal),
    ),
    scene.cordon(signal),
  ]);
  if (cordon !== null) obstacles.add(cordon, target.name, cordonWords[cordon]);
  // The source: the one instance that is the authority for these users
  const serves = order.lost ? undefined : authorityOf(scene, order, seen, obstacles);
  const authority = serves?.instance;
  const promised = await obstacles.asking(
    nothingPromised,
    source.name,
    async () => await promisedOf(scene, authority, signal),
  );
  const { guarantee } = promised;
  demandAccepted(scene, order, promised, obstacles);
  // Without the contract nobody tells, unless there is nothing to be frozen
  const keepsQuiet = guarantee === 'applicationOwn' || guarantee === 'none';
  const expectedFreezeMs = keepsQuiet ? null : (serves?.state.expectedFreezeMs ?? null);
  // Side by side: each may hang
  const [mobility, subscriptions, path] = await Promise.all([
    authority === undefined
      ? undefined
      : obstacles.asking(
          undefined,
          source.name,
          async () => await source.mobility?.level(authority.id, device, signal),
        ),
    authority === undefined ? none : inspectSubscriptions(scene, authority, obstacles, signal),
    inspectPath(scene, { authority, there, descriptor }, obstacles, signal),
  ]);
  const promisedTo = serves?.state.promisedTo ?? null;
  if (promisedTo !== null && promisedTo !== scene.relocation)
    obstacles.add(
      'PromisedElsewhere',
      source.name,
      `its instance has promised these users to relocation ${promisedTo}`,
    );
  if (order.maxInterruptionMs !== null && expectedFreezeMs !== null && expectedFreezeMs > order.maxInterruptionMs)
    obstacles.add(
      'InterruptionTooLong',
      source.name,
      `a freeze of ${expectedFreezeMs} ms is to be expected, ${order.maxInterruptionMs} ms are allowed`,
    );
  if (order.maxInterruptionMs !== null && keepsQuiet && !order.lost)
    obstacles.add('InterruptionTooLong', source.name, 'how long its users are interrupted cannot be told before');
  if (mobility === 'forbidden')
    obstacles.add(
      'MobilityNotAllowed',
      source.name,
      'the application registered its users as not to be moved (MEC 021)',
    );

  // The target: with the package or ready for it, with the services that the application requires
  if (held === 'mismatch')
    obstacles.add('PackageMismatch', target.name, `holds another package as ${application.appDId}`);
  if (held === 'absent')
    await obstacles.asking(undefined, target.name, async () => await target.packages.sendable(application));
  const lacking = missing.filter((name) => application.requires.includes(name));
  if (lacking.length > 0) obstacles.add('ServiceMissing', target.name, `${lacking.join(', ')} is not ACTIVE`);
  // What the descriptor asks for its orchestrator judges, who may know it by another name
  const unseen = there === undefined ? missing.filter((name) => !lacking.includes(name)) : [];
  // An id is of the peer that gave it, and another one may give the same
  if (there?.endpoint != null && there.id === authority?.id && there.endpoint.host === authority.endpoint.host)
    obstacles.add('TargetRefused', target.name, `instance ${there.id} there is the source itself: the sites overlap`);
  for (const detail of subscriptions.lacking) obstacles.add('SubscriptionRefused', target.name, detail);

  // The path: whoever steers the devices of the networks concerned
  for (const detail of path.blocked) obstacles.add('NotSteerable', source.name, detail);
  const networks = networksOf(scene);
  // Of a host that is lost nobody knows what its rules still are: a cloud is where devices look by themselves, or are not seen
  const awaited = order.lost && target.path === undefined && networks.some(({ vantage }) => vantage !== undefined);
  if (!path.steers && !awaited) obstacles.add('NotSteerable', target.name, path.why);
  else if (guarantee === 'applicationOwn' && path.byName.length > 0)
    obstacles.add(
      'NotSteerable',
      target.name,
      `in ${path.byName.join(', ')} devices are led by the name alone: who keeps the source's address would go on to the source, which relays to nobody`,
    );
  return {
    obstacles: obstacles.met,
    authority,
    there: there === undefined ? null : { id: there.id, was: there.state === 'stopped' ? 'stopped' : 'started' },
    package: held === 'usable' ? 'kept' : 'distribute',
    guarantee,
    // Who transfers his users' context himself has consented by that
    confirmation: mobility === 'confirmation' && guarantee !== 'applicationOwn',
    subscriptions: subscriptions.carried,
    seen: subscriptions.seen,
    expectedFreezeMs,
    drainMs: Math.max(path.ttlSeconds, ...networks.map(({ resolverClampSeconds }) => resolverClampSeconds)) * 1_000,
    observed: networks.length > 0 && networks.every(({ vantage }) => vantage !== undefined),
    told: [
      ...path.told,
      ...(awaited ? [`${target.name}: whether devices come there by themselves is seen from their networks`] : []),
      ...(unseen.length > 0
        ? [`${target.name}: the descriptor asks for ${unseen.join(', ')}, which is not ACTIVE there by that name`]
        : []),
      ...subscriptions.told,
      ...promised.why,
      ...(scene.context.source.guarantee === 'stateless' && device !== null
        ? [`${source.name}: its instance stays: without the application contract nobody knows whom else it serves`]
        : []),
      ...(reach === 'unknown'
        ? [`${target.name}: whether its OSS reaches it is not known, it would take an order`]
        : []),
      ...seen.silent.map((id) => `${source.name}: instance ${id} does not answer; whoever it may serve stays with it`),
      ...silent.map((id) => `${target.name}: instance ${id} does not answer, and is left alone`),
      ...networks.map(({ name, vantage }) =>
        vantage === undefined ? `${name}: not observed` : `${name}: observed from its vantage point`,
      ),
    ],
  };
}

const nothingPromised: Promised = { guarantee: 'none', why: [] };

/**
 * What can be had has to be accepted; and who stops an instance stops it under all of its users. For some things only the
 * contract will do: without it nobody keeps a copy, or can give way.
 */
function demandAccepted(
  { application }: Scene,
  { accept, users, lost, standby }: InspectionOrder,
  { guarantee, why }: Promised,
  obstacles: Obstacles,
): void {
  const { name } = application;
  if (standby && guarantee === 'stateless')
    obstacles.add(
      'ContractMissing',
      name,
      'it keeps no state, so there is nothing to be kept warm: move it when its source is lost (`--source-lost`)',
    );
  else if ((lost || standby) && guarantee !== 'zeroLoss' && guarantee !== 'stateless') {
    const what = standby ? 'only by it a standby has a copy' : 'only by it another instance can take its place';
    obstacles.add('ContractMissing', name, `keeps state, but not the application contract: ${what}`);
  } else if (!isAccepted(guarantee, accept)) {
    const { mayBeLost, mayHaveWritten } = risks[guarantee];
    const told = `keeps state, but not the application contract: what can be had is "${guarantee}"`;
    const risked = `may be lost: ${mayBeLost}; may write beside whoever serves: ${mayHaveWritten}`;
    obstacles.add('ContractMissing', name, [told, ...why, risked].join('; '));
  } else if (guarantee === 'none' && users !== '*')
    obstacles.add(
      'ContractMissing',
      name,
      'one of its users cannot be moved: its instance would be stopped under the others',
    );
}
