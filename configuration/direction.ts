import { Refusal } from '../domain/failures.ts';
import type { Direction, RelocationRequest } from '../domain/relocation.ts';
import type { Configuration } from './peers.ts';

type Ends = Pick<RelocationRequest, 'source' | 'target'>;

/** Which of the procedures of GR MEC 035, 5.3 and 5.4, it is; undefined: between two clouds, which is no matter of MEC. */
export function directionBetween(
  { source, target }: Ends,
  { sites }: Pick<Configuration, 'sites'>,
): Direction | undefined {
  const [from, to] = [named(sites, source, 'site'), named(sites, target, 'site')];
  if (from.kind === 'cloud') return to.kind === 'cloud' ? undefined : 'cloudToMec';
  if (to.kind === 'cloud') return 'mecToCloud';
  return from.system === to.system ? 'hostToHost' : 'systemToSystem';
}

const AT_MOST = 20;

/** Throws a Refusal for a name that is not configured. */
export function named<T>(record: Readonly<Record<string, T>>, name: string, what: string): T {
  const found = Object.hasOwn(record, name) ? record[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(record);
  const list = names.slice(0, AT_MOST).join(', ') + (names.length > AT_MOST ? ', …' : '');
  throw new Refusal('UnknownName', `there is no ${what} ${name}; there is ${list === '' ? 'none' : list}`);
}
