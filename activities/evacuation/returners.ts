import { atOnce } from '../../domain/at-once.ts';
import { isMoved } from '../../domain/ended.ts';
import { type Leaver, nameOf } from '../../domain/window.ts';
import type { Application, Site } from '../ports.ts';
import { servingAt } from '../relocation/placements.ts';
import type { Begun } from './runs.ts';

/** A peer is asked for at most so much at a time. */
const AT_ONCE = 10;

/** Where each went last whom an evacuation has moved; one whose end the index does not show yet may have. */
export function awayFrom(site: string, begun: readonly Begun[]): readonly Begun[] {
  const last = new Map<string, Begun>();
  for (const one of begun.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)))
    if (one.target !== site && (one.outcome === undefined || isMoved(one.outcome))) last.set(nameOf(one), one);
  return [...last.values()];
}

/** Less those whom the site serves by now, one after the other. What cannot be asked is brought back, or tells why not. */
export async function notYetAt(
  site: Site,
  applications: readonly Application[],
  away: readonly Begun[],
  signal: AbortSignal,
  found: (leavers: readonly Leaver[]) => void,
): Promise<void> {
  const known = new Map(applications.map((application) => [application.name, application]));
  await atOnce(AT_ONCE, away, async ({ application: name, users }) => {
    const application = known.get(name);
    const there = application === undefined ? undefined : await servingAt(site, application, users, signal);
    if (there?.serving !== 'all') found([{ application: name, users }]);
  });
}
