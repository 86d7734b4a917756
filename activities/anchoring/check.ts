import { Context } from '@temporalio/activity';
import type { Way } from '../../domain/anchoring.ts';
import { atOnce } from '../../domain/at-once.ts';
import { failure } from '../failure.ts';
import type { Site, Wait } from '../ports.ts';
import { cordonWords } from '../relocation/cordon.ts';
import { authorityOf, servingAt } from '../relocation/inspect-source.ts';
import { atTarget } from '../relocation/inspect-target.ts';
import type { Inspection } from '../relocation/inspection.ts';
import { Obstacles } from '../relocation/obstacles.ts';
import { isLocated, leads, sceneOf, whatItSays, type Located, type Means, type Scene } from '../relocation/subject.ts';
import { alive, until } from '../waiting.ts';
import type { Anchor } from './anchors.ts';
import { networkNamed, notLedTo } from './view.ts';

export interface AnchorSubject {
  /** Workflow chain (id and first run). */
  readonly chain: string;
  readonly application: string;
  readonly users: string;
  /** The site that serves these users. */
  readonly source: string;
  readonly network: string;
}

export interface AnchorCheck extends AnchorSubject {
  /** The holder's site of an earlier pass. */
  readonly site: string | null;
  /** The holder of an earlier pass. */
  readonly own: string | null;
}

export interface CheckedAnchor {
  readonly from: string;
  readonly way: Way;
  /** The holder's site; null: none is needed. */
  readonly site: string | null;
  readonly there: Inspection['there'];
  /** The network cannot reach the source: devices are led to the holder, which relays. */
  readonly relayed: boolean;
  /** The name leads to the source's own address there already, whether anybody answers at it or not. */
  readonly named: boolean;
  readonly observed: boolean;
}

const AT_ONCE = 4;

export const checkingAnchor = (means: Means) => ({
  /**
   * Step 1 ([5.4.2-6], 5.4.1): the source is the authority of these users and has promised them to nobody; then the first way
   * that there is. Touches nothing. This run is there before it looks: a relocation that promises later finds it.
   */
  checkAnchor: async (order: AnchorCheck): Promise<CheckedAnchor> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, { ...order, target: order.source });
      await found(means, order, wait);
      const source = await sourceOf(means, scene, order, wait.signal);
      const { network, sites } = await networkNamed(means, order.network);
      const { vantage } = network;
      wait.progress(`looking for a way from ${network.name} to ${scene.source.name}`);
      const observed = vantage !== undefined;
      const { addresses = [] } = (await vantage?.resolve(scene.application.domainName, wait.signal)) ?? {};
      const named = addresses.includes(source.endpoint.host);
      const none = { from: source.id, there: null, relayed: false, observed, named };
      const beside = await besideIt(means, order, wait.signal);
      const ledBy = vantage && (await notLedTo(vantage, scene.application, scene.device, source, wait.signal));
      if (ledBy === '' && order.site === null && beside.length === 0) return { ...none, way: 'network', site: null };
      const answering = await vantage?.answering(source.endpoint, scene.device, wait.signal);
      const relayed = answering?.who !== 'instance' || answering.id !== source.id;
      const able = order.site === null ? sites : sites.filter(({ name }) => name === order.site);
      return {
        ...none,
        relayed,
        ...(await holderAmong(means, able, scene, { ...order, beside }, source, wait.signal)),
      };
    }),
});

/** Others of the application there: what they lead is led no more once they are released, and their holders go with the last. */
async function besideIt(
  { anchors }: Means,
  { application, users, network }: AnchorCheck,
  signal: AbortSignal,
): Promise<readonly Anchor[]> {
  const all = (await anchors?.of({ application, users: '*' }, signal)) ?? [];
  return all.filter((one) => one.network === network && one.users !== users);
}

/** Whoever looks for anchors finds this one, before it looks at its source. */
async function found({ anchors, pace }: Means, { application }: AnchorCheck, wait: Wait): Promise<void> {
  if (anchors === undefined) return;
  const run = Context.current().info.workflowExecution?.runId ?? '';
  wait.progress('waiting until relocations find this anchor');
  const seen = await until(wait, pace.stepMs, async () =>
    (await anchors.isFound(run, application, wait.signal)) ? true : undefined,
  );
  if (seen === undefined) throw failure('NotYet', 'the index of runs does not show this anchor yet');
}

async function sourceOf({ anchors }: Means, scene: Scene, order: AnchorCheck, signal: AbortSignal): Promise<Located> {
  const { source, context } = scene;
  const subject = { ...order, target: order.source };
  const obstacles = new Obstacles(false, signal);
  const serves = authorityOf(scene, subject, await servingAt(scene, subject, obstacles, signal), obstacles);
  const [obstacle] = obstacles.met;
  if (obstacle !== undefined) throw failure(obstacle.type, `${obstacle.where}: ${obstacle.detail}`);
  if (serves === undefined) throw failure('NotServing', `${source.name}: no instance serves these users`);
  const { promisedTo } = serves.state;
  if (promisedTo !== null)
    throw failure(
      'PromisedElsewhere',
      `${source.name}: its instance has promised these users to relocation ${promisedTo}`,
    );
  // Who keeps no contract promises nothing: the runs themselves tell
  if (context.source.guarantee === 'stateless' && (await anchors?.isMoving(order, signal)) === true)
    throw failure('PromisedElsewhere', `${source.name}: a relocation of these users from there is under way`);
  return serves.instance;
}

type Holder = Pick<CheckedAnchor, 'way' | 'site' | 'there'>;
type Beside = AnchorCheck & { readonly beside: readonly Anchor[] };

/** An instance that runs before one that has to be made; what one site does not answer holds up no other. */
async function holderAmong(
  means: Means,
  sites: readonly Site[],
  scene: Scene,
  order: Beside,
  source: Located,
  signal: AbortSignal,
): Promise<Holder> {
  const looks = await atOnce(AT_ONCE, sites, async (site) => ({
    site,
    seen: await whatItSays(async () => await holderAt(means, site, scene, order, source, signal), signal),
  }));
  const able = looks.flatMap(({ seen }) => (typeof seen === 'string' || seen instanceof Error ? [] : [seen]));
  const chosen = able.find(({ way }) => way === 'rule') ?? able[0];
  if (chosen !== undefined) return chosen;
  for (const { seen } of looks) if (seen instanceof Error) throw seen;
  const why = looks.map(({ site, seen }) => `${site.name}: ${typeof seen === 'string' ? seen : ''}`).join('; ');
  throw failure('NotSteerable', `${order.network}: nothing there could lead devices to ${scene.source.name}: ${why}`);
}

/** Why it cannot be there, as a sentence. */
async function holderAt(
  means: Means,
  site: Site,
  scene: Scene,
  order: Beside,
  source: Located,
  signal: AbortSignal,
): Promise<Holder | string> {
  const { application, device } = scene;
  const there = { ...scene, target: site, context: { ...scene.context, target: site.context(application) } };
  const cordon = await means.cordons?.(site.name, signal);
  if (cordon != null) return cordonWords[cordon];
  const asked = { ...order, target: site.name, maxInterruptionMs: null };
  const { there: instance } = await atTarget(there, asked, signal);
  if (instance?.id === source.id) return 'its instance is the source itself';
  const whom = { name: application.domainName, device, ruleIds: application.ruleIds };
  const runs = instance !== undefined && isLocated(instance);
  const sight = await site.path?.look(runs ? instance : null, whom, signal);
  if (sight === undefined || !leads(sight, device))
    return sight === undefined || sight.told.length === 0 ? 'it has no rules' : sight.told.join(', ');
  const isTheirs = order.beside.some(
    ({ standing }) => standing?.way === 'holder' && standing.holder?.instance === instance?.id,
  );
  if (runs && !isTheirs) return { way: 'rule', site: site.name, there: { id: instance.id, was: 'started' } };
  const held = await site.packages.find(application, signal);
  if (held === 'mismatch') return `it holds another package as ${application.appDId}`;
  if (held === 'absent') await site.packages.sendable(application);
  await site.instances.reach(application, { mayOrder: false }, signal);
  const own = isTheirs ? undefined : instance;
  return { way: 'holder', site: site.name, there: own === undefined ? null : { id: own.id, was: 'stopped' } };
}
