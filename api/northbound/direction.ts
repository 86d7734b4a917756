import type { Configuration } from '../../configuration/peers.ts';
import { Refusal } from '../../domain/failures.ts';
import type { Direction, RelocationRequest } from '../../domain/relocation.ts';
import { HttpRefusal } from '../problem.ts';

/** Which of the procedures of GR MEC 035, 5.3 and 5.4, it is. Throws a Refusal for a name that is not configured. */
export function directionOf(
  { application, users, source, target }: RelocationRequest,
  known: Configuration,
): Direction {
  named(known.applications, application, 'application');
  if (users !== '*') named(known.users, users, 'user');
  const [from, to] = [named(known.sites, source, 'site'), named(known.sites, target, 'site')];
  if (from.kind === 'cloud' && to.kind === 'cloud')
    throw new HttpRefusal(
      422,
      `${source} and ${target} are both clouds`,
      'Name a MEC host as source or as target: a move between two clouds is no matter of MEC.',
    );
  if (from.kind === 'cloud') return 'cloudToMec';
  if (to.kind === 'cloud') return 'mecToCloud';
  return from.system === to.system ? 'hostToHost' : 'systemToSystem';
}

const AT_MOST = 20;

function named<T>(record: Readonly<Record<string, T>>, name: string, what: string): T {
  const found = Object.hasOwn(record, name) ? record[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(record);
  const list = names.slice(0, AT_MOST).join(', ') + (names.length > AT_MOST ? ', …' : '');
  throw new Refusal('UnknownName', `there is no ${what} ${name}; there is ${list === '' ? 'none' : list}`);
}
