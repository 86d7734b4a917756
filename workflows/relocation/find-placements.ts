import { workflowInfo } from '@temporalio/workflow';
import { chainOf } from '../../domain/identity.ts';
import type { PlacementList } from '../../domain/placement.ts';
import type { PlacementsOrder } from '../messages.ts';
import { planAt } from '../steps.ts';

/** Which sites fit these users, and which fits best (GR MEC 035, [5.3.2-1], [5.3.2-2], [5.4.2-1]); changes nothing. */
export async function findPlacements({ request, pace }: PlacementsOrder): Promise<PlacementList> {
  return await planAt(pace).findPlacements({ ...request, chain: chainOf(workflowInfo()) });
}
