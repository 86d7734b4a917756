import { directionBetween, named } from '../../configuration/direction.ts';
import type { Configuration } from '../../configuration/peers.ts';
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
