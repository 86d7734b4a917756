import { z } from 'zod';

/**
 * A method and a path in which `*` stands for any one segment: what faults and quirks are ordered
 * for.
 */
export const Operation = z
  .string()
  .regex(/^[A-Z]+ \/\S*$/, 'a method and a path, such as "POST /app_lcm/v1/app_instances"');

/** A slash at the end makes no other path. */
export function matches(operation: string, method: string, path: string): boolean {
  const [wantedMethod, wantedPath] = operation.split(' ') as [string, string];
  if (wantedMethod !== method) return false;
  const [wanted, given] = [segments(wantedPath), segments(path)];
  return wanted.length === given.length && wanted.every((segment, i) => segment === '*' || segment === given[i]);
}

const segments = (path: string): string[] => path.replace(/(?<=.)\/$/, '').split('/');
