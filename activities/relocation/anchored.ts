import { aboutAnchor } from '../../domain/anchoring.ts';
import type { Anchor } from '../anchoring/anchors.ts';
import { failure } from '../failure.ts';
import type { Lead, PathSight, Wait } from '../ports.ts';
import type { Both, Located, Means, Scene, Subject } from './subject.ts';

/** An anchor whose source is moved: its rules are turned with the relocation's own. */
export interface AnchorTurn {
  readonly id: string;
  readonly users: string;
  readonly network: string;
  /** The holder's site. */
  readonly site: string;
  readonly instance: string;
  /** Sealed; null: nothing of it has to be turned. */
  readonly turn: string | null;
}

/**
 * Anchors to this source that hold. Asked once the source has promised: whoever begins later sees the promise. Until one that
 * is being made, or follows an earlier move, has come to its end it is not known where it leads. AnchorInProgress, NotSteerable.
 */
export async function anchorsTo(
  { anchors }: Means,
  { source, target, application, relocation }: Scene,
  { users }: Subject,
  from: string,
  { signal, lost = false }: { signal: AbortSignal; lost?: boolean },
): Promise<readonly Anchor[]> {
  if (anchors === undefined) return [];
  const moving = { users, source: source.name, from, relocation, towards: target.network?.name };
  const found = await anchors.of({ application: application.name, users }, signal);
  const about = found.map((anchor) => ({ anchor, what: aboutAnchor(anchor, moving) }));
  for (const { anchor, what } of about) {
    if (what === 'wait') throw inProgress(anchor);
    if (what === 'refuse' && !lost)
      throw failure(
        'NotSteerable',
        `${anchor.network}: anchor ${anchor.id} needs no rules there, and nothing would lead its devices to ${target.name}: release it first`,
      );
  }
  return about.flatMap(({ anchor, what }) => (what === 'turn' ? [anchor] : []));
}

const inProgress = ({ id, network, standing }: Anchor): Error =>
  failure(
    'AnchorInProgress',
    `${network}: anchor ${id} ${standing === null ? 'is being made' : 'follows an earlier move'}`,
  );

/** What of their holders' rules has to be turned, planned; and each waits from now on for this relocation's end. */
export async function takeAnchors(
  means: Means,
  scene: Scene,
  order: Both,
  ends: {
    readonly source: Located;
    readonly target: Located;
    readonly away: PathSight | undefined;
    readonly lost: boolean;
  },
  earlier: readonly AnchorTurn[],
  { signal }: Wait,
): Promise<readonly AnchorTurn[]> {
  const { source, target, away, lost } = ends;
  const found = await anchorsTo(means, scene, order, order.from, { signal, lost });
  const plans = new Map<string, string | null>();
  const turns: AnchorTurn[] = [];
  for (const { id, users, network, standing } of found) {
    const { holder, relayed } = standing ?? {};
    const at = holder === undefined || holder === null ? { site: '', instance: '' } : holder;
    // Who is led to a holder that relays stays there; the target's own rules are the relocation's own
    const own = at.site === scene.target.name && at.instance === order.to;
    const holderKey = JSON.stringify(at);
    if (!plans.has(holderKey)) {
      const before = earlier.find((one) => one.site === at.site && one.instance === at.instance)?.turn ?? null;
      const idle = at.site === '' || own || relayed === true;
      plans.set(holderKey, idle ? null : await plan(means, scene, { source, target, away }, at, before, signal));
    }
    const turn = plans.get(holderKey) ?? null;
    const taking = { relocation: scene.relocation, target: order.target, to: order.to, turn };
    const taken = await means.anchors?.takeIn(id, taking, signal);
    if (taken === 'no') throw failure('AnchorInProgress', `${network}: anchor ${id} is being given back`);
    if (taken === 'yes') turns.push({ id, users, network, ...at, turn });
  }
  return turns;
}

async function plan(
  { catalogue }: Means,
  { application, device }: Scene,
  { source, target, away }: { source: Located; target: Located; away: PathSight | undefined },
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
  return (await path?.plan('away', lead, earlier, signal)) ?? null;
}

/** Each holder's rules once, however many anchors it holds. */
const distinct = (turns: readonly AnchorTurn[]): readonly AnchorTurn[] => [
  ...new Map(turns.map((turn) => [`${turn.site} ${turn.instance}`, turn])).values(),
];

/** With the relocation's own (step 5). One that was ended meanwhile leads nobody. */
export async function turnAnchors(
  means: Means,
  subject: Subject,
  turns: readonly AnchorTurn[],
  wait: Wait,
  lost = false,
): Promise<number> {
  let changed = 0;
  for (const { site, turn, id, network } of distinct(turns)) {
    if (turn === null) continue;
    wait.progress(`changing rules of anchors in ${network}`);
    try {
      changed += (await (await means.catalogue.site(site)).path?.turn(turn, wait)) ?? 0;
    } catch (error) {
      wait.signal.throwIfAborted();
      if (lost) continue; // its platform may be gone as well
      if ((error as { type?: unknown }).type !== 'OwnershipLost') throw error;
      const running = await means.anchors?.of(subject, wait.signal);
      if (running?.some((anchor) => anchor.id === id) !== false) throw error;
    }
  }
  return changed;
}

export async function turnAnchorsBack(means: Means, turns: readonly AnchorTurn[], wait: Wait): Promise<void> {
  for (const { site, turn } of distinct(turns))
    if (turn !== null) await (await means.catalogue.site(site)).path?.turnBack(turn, wait);
}

/** Step 7: those that this relocation has taken in follow their source. */
export async function tellAnchors({ anchors }: Means, scene: Scene, order: Both, signal: AbortSignal): Promise<void> {
  const { relocation, application } = scene;
  const found = (await anchors?.of({ application: application.name, users: order.users }, signal)) ?? [];
  for (const { id, standing } of found)
    if (standing?.under?.relocation === relocation)
      await anchors?.moved(id, { relocation, target: order.target, to: order.to }, signal);
}

/** Step 9: does nobody lead devices to it any more? AnchorInProgress. */
export async function noAnchorLeft({ anchors }: Means, scene: Scene, order: Both, signal: AbortSignal): Promise<void> {
  const { application, source } = scene;
  for (const anchor of (await anchors?.of({ application: application.name, users: '*' }, signal)) ?? []) {
    const { standing } = anchor;
    if (standing === null && anchor.source === source.name) throw inProgress(anchor);
    if (standing?.source === source.name && standing.from === order.from)
      throw failure('AnchorInProgress', `${anchor.network}: anchor ${anchor.id} still leads to instance ${order.from}`);
  }
}
