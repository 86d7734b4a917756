import type { Query } from './wish.ts';

/** For people. Devices are counted, not named. */
export function titleOf(query: Query): string {
  if (query.find === 'platforms') return `${query.wish.what.kind} ${query.wish.what.name}`;
  const { by } = query;
  if ('devices' in by)
    return by.devices.length === 1 ? 'who serves a device' : `who serves ${by.devices.length} devices`;
  if ('system' in by) return 'a system';
  return 'application' in by ? `who has application ${by.application}` : `who has service ${by.service}`;
}

/** For the ledger, which partners may read: devices are counted, and no place is told. */
export function aboutOf(query: Query): Readonly<Record<string, string | number>> {
  if (query.find === 'platforms') return { find: 'platforms', [query.wish.what.kind]: query.wish.what.name };
  const { by } = query;
  if ('devices' in by) return { find: 'systems', devices: by.devices.length };
  if ('system' in by) return { find: 'systems' };
  return { find: 'systems', ...by };
}
