import type { Whereabouts } from '../activities/where.ts';
import { locateApplications as locate } from './steps.ts';

/** Asks every site and every instance where applications are; the API itself calls no peer. */
export async function locateApplications(order: {
  readonly names: readonly string[];
}): Promise<readonly Whereabouts[]> {
  return await locate(order);
}
