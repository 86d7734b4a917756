import { isAuthority } from '../../domain/application.ts';
import { failure } from '../failure.ts';
import { alive, until } from '../waiting.ts';
import type { Application, Vantage, Wait } from '../ports.ts';
import { turnAnchors, turnAnchorsBack } from './anchors-turned.ts';
import { calm, type PathTurns } from './copy-ahead.ts';
import { stopAgain } from './stop-source.ts';
import {
  endOf,
  locate,
  look,
  mayRun,
  networksOf,
  sceneOf,
  type Both,
  type Located,
  type Means,
  type Scene,
  type Subject,
} from './subject.ts';

export interface SwitchOrder extends Both {
  readonly turns: PathTurns;
  /** The source is taken to be dead: its rules are turned where its platform answers, and nobody is asked there. */
  readonly lost?: true;
  /** We have stopped it: nobody is asked there. */
  readonly stopped?: true;
}

export interface SwitchBackOrder extends Subject {
  readonly turns: PathTurns;
  /** An instant: nothing that was asked for can be carried out after it. */
  readonly calmAt: number;
}

export interface Switched {
  readonly changed: number;
  readonly observed: boolean;
  /** What the attempt that went well has taken; older workers do not tell. */
  readonly tookMs?: number;
  /** A source that was stopped had been started again by its orchestrator: it may have accepted writes. */
  readonly ranAgain?: true;
}

/** Whatever becomes of this attempt: the source had been started again. */
const RAN_AGAIN = 'ranAgain';

export const switching = (means: Means) => ({
  /**
   * Step 5 (GR MEC 035, [5.3.2-7], [5.4.2-5], [5.4.2-6]): first the target's rules lead to the target, then the source's;
   * each by compare-and-swap; then a device's view of it is observed. Whoever arrives is relayed to the source.
   */
  switchPath: async (order: SwitchOrder): Promise<Switched> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { here, away } = order.turns;
      const begun = performance.now();
      if (order.stopped && (await stopAgain(scene, order.from, wait))) wait.keep(RAN_AGAIN, 'before');
      wait.progress('changing rules');
      let changed = 0;
      if (here !== null) changed += (await scene.target.path?.turn(here, wait)) ?? 0;
      if (away !== null) {
        const turned = scene.source.path?.turn(away, wait);
        changed += (await (order.lost ? turned?.catch(() => 0) : turned)) ?? 0;
        wait.signal.throwIfAborted();
      }
      changed += await turnAnchors(means, order.turns.anchors ?? [], wait, order.lost);
      const observed = await observe(means, scene, order, wait, means.pace.stepMs / 2);
      const tookMs = Math.round(performance.now() - begun);
      if (order.stopped && (await ranMeanwhile(scene, order.from, wait))) wait.keep(RAN_AGAIN, 'meanwhile');
      return { changed, observed, tookMs, ...(wait.kept(RAN_AGAIN) !== undefined && { ranAgain: true }) };
    }),

  /**
   * The undo: what was turned is turned back, at both sides, whatever one of them says; and once more after a while, since a
   * peer may still carry out what an attempt had asked of it before we gave up.
   */
  switchBack: async (order: SwitchBackOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const { away, here } = order.turns;
      const side = async (which: 'source' | 'target', turn: string | null): Promise<void> => {
        if (turn === null) return;
        const { site } = await endOf(means, order, which);
        await site.path?.turnBack(turn, wait);
      };
      const back = async (): Promise<void> => {
        const anchors = turnAnchorsBack(means, order.turns.anchors ?? [], wait);
        const sides = await Promise.allSettled([side('source', away), side('target', here), anchors]);
        for (const turned of sides) if (turned.status === 'rejected') throw turned.reason;
      };
      wait.progress('changing rules back');
      await back();
      if (await calm(order.calmAt, wait)) await back();
    }),
});

/** Devices are led to the target by now: that they are served does not depend on it, and it is stopped when it is retired. */
async function ranMeanwhile(scene: Scene, from: string, wait: Wait): Promise<boolean> {
  try {
    return await stopAgain(scene, from, wait);
  } catch {
    wait.signal.throwIfAborted();
    return true;
  }
}

/**
 * A 2xx proves little: names have to resolve to the target, and old addresses have to lead there. Where the peers of both ends
 * have given the same id, who answers at the source's address cannot be told.
 */
async function observe(means: Means, scene: Scene, order: SwitchOrder, wait: Wait, limitMs: number): Promise<boolean> {
  const networks = networksOf(scene);
  const asked = !order.lost && !order.stopped;
  const [target, source] = await Promise.all([
    locate(scene.target, scene.application, order.to, wait.signal),
    asked ? sourceOf(scene, order, wait.signal) : null,
  ]);
  // By the name those look for it whom nobody lists: whoever does not serve them does not take the name along
  const byName =
    scene.device === null &&
    (source === null ||
      isAuthority(await scene.context.source.state(source.endpoint, order.users, wait.signal), order.users));
  const stays = (name: string): boolean => order.turns.byName?.includes(name) ?? false;
  const views = networks.map(({ name, vantage }) => {
    return { name, vantage, whom: { device: scene.device, byName, stays: stays(name) } };
  });
  for (const { name, vantage, whom } of [...views, ...(await viewsOfAnchors(means, order))]) {
    if (vantage === undefined) continue;
    let seen = '';
    const arrived = await until(wait, limitMs, async () => {
      wait.progress(`observing the path from ${name}`);
      seen = await seenFrom(vantage, scene.application, { source, target, ...whom }, wait.signal);
      return seen === '' ? true : undefined;
    });
    if (arrived === undefined) throw failure('PathNotObserved', `${name}: ${seen}`);
  }
  const told = source === null || source.id !== target.id;
  return told && networks.length > 0 && networks.every(({ vantage }) => vantage !== undefined);
}

/** Null: it has ended by itself, and nothing is asked of it that it alone could tell. */
async function sourceOf(scene: Scene, { from }: Both, signal: AbortSignal): Promise<Located | null> {
  const { source, application, context } = scene;
  if (context.source.guarantee === 'zeroLoss') return await locate(source, application, from, signal);
  return mayRun(await look(source, application, from, signal)) ? await locate(source, application, from, signal) : null;
}

interface Whom {
  readonly device: string | null;
  readonly byName: boolean;
  /** Nobody leads traffic here: at its own address the source goes on to answer, and relays. */
  readonly stays?: boolean;
}

/** From the networks of anchors that are led on: what some of their own devices see. */
async function viewsOfAnchors({ catalogue }: Means, { turns }: SwitchOrder) {
  const turned = (turns.anchors ?? []).filter(({ turn }) => turn !== null);
  const views = await Promise.all(
    turned.flatMap(({ network: name, site, seenBy }) =>
      seenBy.map(async (users) => {
        const { network } = await catalogue.site(site);
        const device = users === '*' ? null : await catalogue.device(users);
        return { name, vantage: network?.vantage, whom: { device, byName: users === '*' } };
      }),
    ),
  );
  return [...new Map(views.map((view) => [`${view.name} ${view.whom.device ?? ''}`, view])).values()];
}

/** What a device there would see that is not yet as it has to be; empty: all is. */
async function seenFrom(
  vantage: Vantage,
  application: Application,
  { source, target, ...whom }: Whom & { readonly source: Located | null; readonly target: Located },
  signal: AbortSignal,
): Promise<string> {
  const { device, byName, stays = false } = whom;
  const [resolved, atTarget, atSource] = await Promise.all([
    byName ? vantage.resolve(application.domainName, signal) : null,
    vantage.answering(target.endpoint, device, signal),
    source === null ? null : vantage.answering(source.endpoint, device, signal),
  ]);
  const { addresses } = resolved ?? { addresses: [target.endpoint.host] };
  if (!addresses.includes(target.endpoint.host))
    return `${application.domainName} was to resolve to instance ${target.id}, it resolves to ${addresses.length === 0 ? 'nothing' : 'another address'}`;
  for (const [whose, answering] of [
    ['target', atTarget],
    ['source', atSource],
  ] as const) {
    if (answering === null) continue;
    if (answering.who === 'instance' && answering.id === target.id) continue;
    const relays = stays && whose === 'source' && answering.who === 'instance' && answering.id === source?.id;
    if (relays) continue;
    const instead = {
      instance: `instance ${answering.who === 'instance' ? answering.id : ''} does`,
      unnamed: 'somebody does who does not say who he is (no header Ferry-Instance)',
      nobody: 'nobody does',
    }[answering.who];
    return `at the ${whose}'s address instance ${target.id} was to answer, ${instead}`;
  }
  return '';
}
