import { workflowInfo } from '@temporalio/workflow';
import { chainOf } from '../../domain/identity.ts';
import { isStandby } from '../../domain/recovery.ts';
import type { Plan } from '../../domain/relocation.ts';
import type { RelocationOrder } from '../messages.ts';
import { planAt } from '../steps.ts';

/** Step 1 and nothing else, without side effects: what would be done, and what stands in the way. */
export async function planRelocation({ request, direction, pace }: RelocationOrder): Promise<Plan> {
  const { application, users, source, target, maxInterruptionMs = null, cutOver, accept, sourceLost } = request;
  const subject = { chain: chainOf(workflowInfo()), application, users, source, target };
  const { otherUnknown } = sourceLost?.accept ?? {};
  const lost = sourceLost === undefined ? {} : { lost: true as const, ...(otherUnknown && { otherUnknown }) };
  const weakest = { ...(accept !== undefined && { accept }), ...(isStandby(cutOver) && { standby: true as const }) };
  const order = { ...subject, maxInterruptionMs, own: null, ...weakest, ...lost };
  return { direction, ...(await planAt(pace).planRelocation(order)) };
}
