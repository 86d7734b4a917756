import { sameRule, type Rule, type Versioned } from '../../domain/rule.ts';
import { redirected, sourceRules, targetRules, type Turn } from '../../domain/steering.ts';
import { failure } from '../failure.ts';
import type { Site, Steering, Wait } from '../ports.ts';
import { alive, until } from '../waiting.ts';
import { networksOf } from './check.ts';
import { owners, type BothOrder } from './copy-ahead.ts';
import { restored } from './found.ts';
import { locate, sceneOf, type Means, type Scene } from './subject.ts';

export interface Switched {
  readonly changed: number;
  readonly observed: boolean;
}

/** So often a rule that somebody changes at the same moment is read again. */
const SWAPS = 5;

export const switching = (means: Means) => ({
  /**
   * Step 5 (GR MEC 035, [5.3.2-7], [5.4.2-5], [5.4.2-6]): first the target's rules lead to the target, then the source's;
   * each by compare-and-swap; then a device's view of it is observed. Whoever arrives is relayed to the source.
   */
  switchPath: async (order: BothOrder): Promise<Switched> =>
    await alive(means.pace, async (wait) => {
      const scene = sceneOf(means, order);
      const { source, target } = await owners(scene, order, wait.signal);
      const found =
        scene.source.steering === undefined ? [] : await scene.source.steering.read(source.instance, wait.signal);
      const turn: Turn = {
        name: scene.application.domainName,
        device: scene.device,
        source: source.endpoint.host,
        target: target.endpoint.host,
        cached: [source.endpoint.host, ...redirected(found.map(({ rule }) => rule))],
        sameNetwork: scene.source.network !== undefined && scene.source.network.name === scene.target.network?.name,
      };
      wait.progress('changing rules');
      const changed =
        (await turned(scene.target, target.instance, [turn.target], (rules) => targetRules(rules, turn), wait)) +
        (await turned(
          scene.source,
          source.instance,
          [turn.source, turn.target],
          (rules) => sourceRules(rules, turn),
          wait,
        ));
      const observed = await observe(scene, order, wait, means.pace.stepMs / 2);
      return { changed, observed };
    }),

  /**
   * The undo: rules as they were found, and observed; once more a heartbeat timeout later, since an attempt that was
   * given up may still have been under way.
   */
  switchBack: async (order: BothOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const scene = sceneOf(means, order);
      const { source: from, target: to, application } = scene;
      const back = async (): Promise<number> => {
        const source = await locate(from, application, order.found.source, wait.signal);
        const instance = (await to.instances.list(application, wait.signal)).find(({ id }) => id === order.instance);
        const undo = (site: Site, id: string, own: string, found: typeof order.found.sourceRules) =>
          turned(
            site,
            id,
            undefined,
            (rules) =>
              rules.map((rule) =>
                restored(
                  rule,
                  found.find(({ id: was }) => was === rule.id),
                  own,
                  means.digest,
                ),
              ),
            wait,
          );
        return (
          (await undo(from, source.id, source.endpoint.host, order.found.sourceRules)) +
          (instance?.endpoint == null
            ? 0
            : await undo(to, instance.id, instance.endpoint.host, order.found.targetRules))
        );
      };
      wait.progress('changing rules back');
      if ((await back()) === 0) return;
      const begun = performance.now();
      while (performance.now() - begun < means.pace.heartbeatMs) await wait.pause();
      await back();
    }),
});

/** Swaps each rule that is not yet as it has to be; returns how many were. `ours`: addresses that a DNS rule may have now. */
async function turned(
  site: Site,
  instance: string,
  ours: readonly string[] | undefined,
  turn: (rules: readonly Rule[]) => Rule[],
  wait: Wait,
): Promise<number> {
  if (site.steering === undefined) return 0;
  let changed = 0;
  for (let swap = 0; swap < SWAPS; swap += 1) {
    const current = await site.steering.read(instance, wait.signal);
    const foreign = current.find(
      ({ rule }) => rule.kind === 'dns' && rule.active && ours !== undefined && !ours.includes(rule.address),
    );
    if (foreign !== undefined)
      throw failure('OwnershipLost', `${site.name}: DNS rule ${foreign.rule.id} leads somewhere else by now`);
    const wanted = turn(current.map(({ rule }) => rule));
    const swapped = await swapAll(site.steering, instance, current, wanted, wait.signal);
    changed += swapped.written;
    if (!swapped.lost) return changed;
  }
  throw failure('OwnershipLost', `${site.name}: rules are being changed by somebody else`);
}

async function swapAll(
  steering: Steering,
  instance: string,
  current: readonly Versioned[],
  wanted: readonly Rule[],
  signal: AbortSignal,
): Promise<{ written: number; lost: boolean }> {
  let written = 0;
  for (const [at, from] of current.entries()) {
    const to = wanted[at];
    if (to === undefined || sameRule(from.rule, to)) continue;
    if ((await steering.write(instance, to, from, signal)) === 'lost') return { written, lost: true };
    written += 1;
  }
  return { written, lost: false };
}

/** A 2xx proves little: names have to resolve to the target, and old addresses have to lead there. */
async function observe(scene: Scene, order: BothOrder, wait: Wait, limitMs: number): Promise<boolean> {
  const networks = networksOf(scene);
  const { source, target } = await owners(scene, order, wait.signal);
  for (const { name, vantage } of networks) {
    if (vantage === undefined) continue;
    let seen = '';
    const arrived = await until(wait, limitMs, async () => {
      wait.progress(`observing the path from ${name}`);
      if (scene.device === null) {
        const { addresses } = await vantage.resolve(scene.application.domainName, wait.signal);
        seen = 'the name does not resolve to the target';
        if (!addresses.includes(target.endpoint.host)) return undefined;
      }
      for (const endpoint of [target.endpoint, source.endpoint]) {
        const answering = await vantage.answering(endpoint, scene.device, wait.signal);
        const where = `${endpoint === target.endpoint ? "the target's" : "the source's"} address`;
        seen = {
          nobody: `nobody answers at ${where}`,
          unnamed: `somebody answers at ${where} without saying who (no header Ferry-Instance)`,
          instance: `another instance answers at ${where}`,
        }[answering.who];
        if (answering.who !== 'instance' || answering.id !== target.instance) return undefined;
      }
      return true;
    });
    if (arrived === undefined) throw failure('PathNotObserved', `${name}: ${seen}`);
  }
  return networks.length > 0 && networks.every(({ vantage }) => vantage !== undefined);
}
