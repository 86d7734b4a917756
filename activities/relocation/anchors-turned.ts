import { atOnce, everyAtOnce } from '../../domain/at-once.ts';
import type { Anchor } from '../anchoring/anchors.ts';
import { failure } from '../failure.ts';
import type { Lead, PathSight, Wait } from '../ports.ts';
import { anchorsTo } from './anchored.ts';
import { eachOnce } from './each-once.ts';
import type { Both, Located, Means, Scene } from './subject.ts';

/** Anchors whose source is moved, by their holder: its rules are turned once, with the relocation's own. */
export interface AnchorTurn {
  readonly network: string;
  /** The holder's site. */
  readonly site: string;
  readonly instance: string;
  /** Sealed; null: nothing of it has to be turned. */
  readonly turn: string | null;
  /** Those that lead through it. */
  readonly ids: readonly string[];
  /** From whose devices it is observed: as many as this are led alike. */
  readonly seenBy: readonly string[];
}

/** Holders whose platforms are asked side by side. */
const HOLDERS_AT_ONCE = 4;
/** Devices of a holder that are looked from: they are led by the same rules. */
const SEEN_BY = 8;

interface Ends {
  readonly source: Located;
  readonly target: Located;
  readonly away: PathSight | undefined;
  readonly lost: boolean;
}

/** What of their holders' rules has to be turned, planned; and each waits from now on for this relocation's end. */
export async function takeAnchors(
  means: Means,
  scene: Scene,
  order: Both & { readonly anchors?: readonly string[] },
  ends: Ends,
  earlier: readonly AnchorTurn[],
  wait: Wait,
): Promise<readonly AnchorTurn[]> {
  const { signal } = wait;
  const { lost } = ends;
  const found = await anchorsTo(means, scene, order, order.from, { signal, lost, known: order.anchors });
  const byHolder = new Map<string, Anchor[]>();
  for (const anchor of found) byHolder.set(keyOf(anchor), [...(byHolder.get(keyOf(anchor)) ?? []), anchor]);
  const plans = await plansOf(means, scene, order, ends, [...byHolder.keys()], earlier, wait);
  const gone = new Set<string>();
  const doing = 'anchors that are taken along';
  const ids = found.map(({ id }) => id);
  await eachOnce(wait, { name: 'taken', digest: means.digest, doing }, ids, async (id, at) => {
    const { network, standing } = found[at] ?? { network: '', standing: null };
    const turn = plans[keyOf({ standing })] ?? null;
    const taking = { relocation: scene.relocation, target: order.target, to: order.to, turn };
    const taken = await means.anchors?.takeIn(id, taking, signal);
    if (taken === 'no') throw failure('AnchorInProgress', `${network}: anchor ${id} is being given back`);
    if (taken === 'gone') gone.add(id);
    return taken === 'yes';
  });
  return [...byHolder].flatMap(([key, all]) => {
    const those = all.filter(({ id }) => !gone.has(id));
    const [one] = those;
    if (one === undefined) return [];
    const seenBy = [...new Set(those.map(({ users }) => users))].slice(0, SEEN_BY);
    const { network } = one;
    return [{ network, ...holderOf(one), turn: plans[key] ?? null, ids: those.map(({ id }) => id), seenBy }];
  });
}

const holderOf = ({ standing }: Pick<Anchor, 'standing'>): { site: string; instance: string } =>
  standing?.holder ?? { site: '', instance: '' };

/** Who is led to a holder that relays stays there: of its rules nothing is turned. */
const keyOf = ({ standing }: Pick<Anchor, 'standing'>): string =>
  JSON.stringify([holderOf({ standing }), standing?.relayed === true]);

type Plans = Readonly<Record<string, string | null>>;

/** Planned once for all attempts: an anchor that was told of one knows no other. */
async function plansOf(
  means: Means,
  scene: Scene,
  order: Both,
  ends: Ends,
  keys: readonly string[],
  earlier: readonly AnchorTurn[],
  wait: Wait,
): Promise<Plans> {
  const kept = JSON.parse(wait.kept('plans') ?? '{}') as Plans;
  const planned = await atOnce(HOLDERS_AT_ONCE, keys, async (key) => {
    const [at, relays] = JSON.parse(key) as [ReturnType<typeof holderOf>, boolean];
    // The target's own rules are the relocation's own
    const own = at.site === scene.target.name && at.instance === order.to;
    if (at.site === '' || own || relays) return [key, null] as const;
    const before = earlier.find(({ site, instance, turn }) => site === at.site && instance === at.instance && turn);
    return [key, kept[key] ?? (await plan(means, scene, ends, at, before?.turn ?? null, wait.signal))] as const;
  });
  const plans = Object.fromEntries(planned);
  if (keys.length > 0) wait.keep('plans', JSON.stringify(plans));
  return plans;
}

async function plan(
  { catalogue }: Means,
  { application, device }: Scene,
  { source, target, away }: Ends,
  holder: { readonly site: string; readonly instance: string },
  earlier: string | null,
  signal: AbortSignal,
): Promise<string | null> {
  const { path } = await catalogue.site(holder.site);
  const lead: Lead = {
    name: application.domainName,
    device,
    ruleIds: application.ruleIds,
    aliases: (away?.names ?? []).flatMap(({ name, leads }) => (leads ? [name] : [])),
    from: { instance: holder.instance, endpoint: source.endpoint },
    to: { instance: target.id, endpoint: target.endpoint },
    former: [source.endpoint.host, ...(away?.former ?? [])],
    sameNetwork: false,
  };
  return (await path?.plan('further', lead, earlier, signal)) ?? null;
}

/** With the relocation's own (step 5): every holder has its turn. Those whose anchors were ended meanwhile lead nobody. */
export async function turnAnchors(
  means: Means,
  turns: readonly AnchorTurn[],
  wait: Wait,
  lost = false,
): Promise<number> {
  const counts = await everyAtOnce(HOLDERS_AT_ONCE, turns, async ({ site, turn, ids, network }) => {
    if (turn === null) return 0;
    wait.progress(`changing rules of anchors in ${network}`);
    try {
      return (await (await means.catalogue.site(site)).path?.turn(turn, wait)) ?? 0;
    } catch (error) {
      wait.signal.throwIfAborted();
      if (lost) return 0; // its platform may be gone as well
      if ((error as { type?: unknown }).type !== 'OwnershipLost') throw error;
      const running = await means.anchors?.again(ids, wait.signal);
      if (running?.length === 0) return 0;
      throw error;
    }
  });
  return allOf(counts).reduce((sum, changed) => sum + changed, 0);
}

export async function turnAnchorsBack(means: Means, turns: readonly AnchorTurn[], wait: Wait): Promise<void> {
  const back = await everyAtOnce(HOLDERS_AT_ONCE, turns, async ({ site, turn }) => {
    if (turn !== null) await (await means.catalogue.site(site)).path?.turnBack(turn, wait);
  });
  allOf(back);
}

function allOf<T>(settled: readonly PromiseSettledResult<T>[]): T[] {
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
