import { SUSPENDED } from '../../protocols/mff/client.ts';

/** Does a problem document say that the partner has suspended us? E/WBI has no `type`: there it is the `cause`. */
export function isSuspended(problem: unknown): boolean {
  if (typeof problem !== 'object' || problem === null) return false;
  const { type, cause } = problem as Record<string, unknown>;
  return type === SUSPENDED || cause === SUSPENDED;
}
