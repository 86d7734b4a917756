import { aboutAnchor } from '../../domain/anchoring.ts';
import type { Anchor } from '../anchoring/anchors.ts';
import { failure } from '../failure.ts';
import type { Wait } from '../ports.ts';
import { eachOnce } from './each-once.ts';
import type { Leaving, Means, Scene, Subject } from './subject.ts';

/**
 * Anchors to this source that hold. Asked once the source has promised: whoever begins later sees the promise, and so a later step
 * looks at those alone that were found then (`known`). Until one that is being made, or follows an earlier move, has come to
 * its end it is not known where it leads. AnchorInProgress, NotSteerable.
 */
export async function anchorsTo(
  { anchors, catalogue }: Means,
  { source, target, application, relocation }: Scene,
  { users }: Subject,
  from: string,
  { signal, lost = false, known }: { signal: AbortSignal; lost?: boolean; known?: readonly string[] | undefined },
): Promise<readonly Anchor[]> {
  if (anchors === undefined) return [];
  const moving = { users, source: source.name, from, relocation, towards: target.network?.name };
  const subject = { application: application.name, users };
  const found = known === undefined ? await anchors.found(subject, signal) : await anchors.again(known, signal);
  const about = found.map((anchor) => ({ anchor, what: aboutAnchor(anchor, moving) }));
  for (const { anchor, what } of about) {
    if (anchor.deserted === true) {
      const leads = what === 'turn' && !lost ? await leadsOn(catalogue, anchor, found, signal) : null;
      if (leads !== null) throw failure('AnchorInProgress', `${anchor.network}: ${leads}`);
      continue;
    }
    if (what === 'wait') throw inProgress(anchor);
    if (what === 'refuse' && !lost) throw failure('NotSteerable', `${anchor.network}: ${needsRules(anchor, target)}`);
  }
  return about.flatMap(({ anchor, what }) => (what === 'turn' && anchor.deserted !== true ? [anchor] : []));
}

/** Of one that was ended from outside: do its rules lead devices on, with nobody to take them along? A sentence, or null. */
export async function leadsOn(
  catalogue: Means['catalogue'],
  { id, standing }: Anchor,
  others: readonly Anchor[],
  signal: AbortSignal,
): Promise<string | null> {
  const { holder = null, source = '' } = standing ?? {};
  if (holder === null) return null;
  const { site, instance } = holder;
  // What leads through it is turned as a whole
  const isSame = ({ deserted, standing: other }: Anchor): boolean =>
    deserted !== true && other?.holder?.site === site && other.holder.instance === instance;
  if (others.some(isSame)) return null;
  const { path } = await catalogue.site(site);
  if ((await path?.holds({ id: instance, endpoint: null }, signal)) !== true) return null;
  return `anchor ${id} was ended from outside, and the rules of instance ${instance} at ${site} lead devices on to ${source}: deactivate them there first`;
}

const inProgress = (anchor: Anchor): Error => failure('AnchorInProgress', `${anchor.network}: ${isOnItsWay(anchor)}`);

export const isOnItsWay = ({ id, standing }: Anchor): string =>
  `anchor ${id} ${standing === null ? 'is being made' : 'follows an earlier move'}`;

export const needsRules = ({ id }: Anchor, { name }: { readonly name: string }): string =>
  `anchor ${id} needs no rules there, and nothing would lead its devices to ${name}: release it first`;

/** Step 7: those that this relocation has taken in follow their source. Runs that began earlier look for them. */
export async function tellAnchors(means: Means, scene: Scene, order: Leaving, wait: Wait): Promise<void> {
  const { anchors, digest } = means;
  const { relocation, application } = scene;
  const moved = { relocation, target: order.target, to: order.to };
  const found =
    order.anchors === undefined
      ? await anchors?.of({ application: application.name, users: order.users }, wait.signal)
      : [];
  const under = (found ?? []).filter(({ standing }) => standing?.under?.relocation === relocation);
  const ids = order.anchors ?? under.map(({ id }) => id);
  await eachOnce(wait, { name: 'followed', digest, doing: 'anchors that are told' }, ids, async (id) => {
    await anchors?.moved(id, moved, wait.signal);
    return true;
  });
}

/**
 * Step 9: does nobody lead devices to it any more? Where all users were moved those count that were found while it had promised
 * them: nobody has anchored them there since. AnchorInProgress.
 */
export async function noAnchorLeft(
  { anchors }: Means,
  scene: Scene,
  order: Leaving,
  signal: AbortSignal,
): Promise<void> {
  const { application, source } = scene;
  const known = order.users === '*' ? order.anchors : undefined;
  const found =
    known === undefined
      ? await anchors?.of({ application: application.name, users: '*' }, signal)
      : await anchors?.again(known, signal);
  for (const anchor of found ?? []) {
    const { standing } = anchor;
    if (standing === null && anchor.source === source.name) throw inProgress(anchor);
    if (standing?.source === source.name && standing.from === order.from)
      throw failure('AnchorInProgress', `${anchor.network}: anchor ${anchor.id} still leads to instance ${order.from}`);
  }
}
