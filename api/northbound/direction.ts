import { directionBetween, named } from '../../configuration/direction.ts';
import type { Configuration } from '../../configuration/peers.ts';
import type { PlacementRequest } from '../../domain/placement.ts';
import type { Direction, RelocationRequest } from '../../domain/relocation.ts';
import { HttpRefusal } from '../problem.ts';

/** Of what is asked for. Throws a Refusal for a name that is not configured. */
export function directionOf(request: RelocationRequest, known: Configuration): Direction {
  const { application, users, source, target } = request;
  named(known.applications, application, 'application');
  if (users !== '*') named(known.users, users, 'user');
  const direction = directionBetween(request, known);
  if (direction === undefined)
    throw new HttpRefusal(
      422,
      `${source} and ${target} are both clouds`,
      'Name a MEC host as source or as target: a move between two clouds is no matter of MEC.',
    );
  return direction;
}

/** Throws a Refusal for a name that is not configured. */
export function demandKnown(
  { application, users, from, near, among = [] }: PlacementRequest,
  known: Configuration,
): void {
  named(known.applications, application, 'application');
  if (users !== '*') named(known.users, users, 'user');
  for (const site of from === undefined ? among : [from, ...among]) named(known.sites, site, 'site');
  if (near !== undefined && 'network' in near) named(known.networks, near.network, 'network');
}
