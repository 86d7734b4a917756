import { aboutAnchor } from '../../domain/anchoring.ts';
import type { Anchor } from '../anchoring/anchors.ts';
import { isOnItsWay, leadsOn, needsRules } from './anchored.ts';
import type { Inspection } from './inspection.ts';
import type { Obstacles } from './obstacles.ts';
import type { Means, Scene, Subject } from './subject.ts';

/** What a relocation would make of the anchors to its source, a sentence for each holder; what stands in its way is an obstacle. */
export async function anchorsPlanned(
  { anchors, catalogue }: Means,
  { source, target, application, relocation }: Scene,
  { users, lost = false }: Subject & { readonly lost?: boolean },
  { from, there }: { readonly from: string; readonly there: Inspection['there'] },
  obstacles: Obstacles,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const moving = { users, source: source.name, from, relocation, towards: target.network?.name };
  const found = (await anchors?.found({ application: application.name, users }, signal)) ?? [];
  const become = new Map<string, number>();
  for (const anchor of found) {
    const what = aboutAnchor(anchor, moving);
    if (anchor.deserted === true) {
      const leads = what === 'turn' && !lost ? await leadsOn(catalogue, anchor, found, signal) : null;
      if (leads !== null && !obstacles.at(anchor.network)) obstacles.add('AnchorInProgress', anchor.network, leads);
      continue;
    }
    if (what === 'wait' && !obstacles.at(anchor.network))
      obstacles.add('AnchorInProgress', anchor.network, isOnItsWay(anchor));
    if (what === 'refuse' && !lost && !obstacles.at(anchor.network))
      obstacles.add('NotSteerable', anchor.network, needsRules(anchor, target));
    if (what !== 'turn') continue;
    const told = `${anchor.network}: ${becomes(anchor, target.name, there?.id ?? null)}`;
    become.set(told, (become.get(told) ?? 0) + 1);
  }
  return [...become].map(([told, many]) => (many === 1 ? told : `${told} (${many} anchors)`));
}

function becomes({ standing }: Anchor, target: string, at: string | null): string {
  const { holder = null, relayed = false } = standing ?? {};
  if (holder === null) return `the network leads to ${target} by itself`;
  const { site, instance } = holder;
  if (site === target && instance === at)
    return `instance ${instance} at ${site} serves then, and its rules are its own: a release leaves them`;
  if (relayed) return `instance ${instance} at ${site} relays to the one at ${target}`;
  return `led on to ${target}, by the rules of instance ${instance} at ${site}`;
}
