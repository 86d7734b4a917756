import { sleep, upsertSearchAttributes } from '@temporalio/workflow';
import type { RelocationResult } from '../../domain/relocation.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import type { RelocationOrder } from '../../workflows/messages.ts';

export { evacuateHost } from '../../workflows/evacuation/evacuate-host.ts';

/** How long the relocation of this application takes, and whether it fails: the same each time, and with a long tail. */
export function course(application: string, meanMs: number): { ms: number; fails: boolean } {
  const n = Number(application.slice(application.indexOf('-') + 1));
  const dice = (salt: number): number => Math.abs(Math.sin(n * 12.9898 + salt * 78.233) * 43_758.5453) % 1 || 0.5;
  const tail = Math.sqrt(-2 * Math.log(dice(1))) * Math.cos(2 * Math.PI * dice(2));
  return { ms: meanMs * Math.exp(0.6 * tail - 0.18), fails: n % 100 === 99 };
}

/** Stands for a relocation: it takes its time, and ends. */
export async function relocateApplication({ request, pace }: RelocationOrder): Promise<Partial<RelocationResult>> {
  const { ms, fails } = course(request.application, pace.stepMs);
  await sleep(ms);
  const outcome = fails ? 'rolledBack' : 'relocated';
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: outcome }]);
  const message = 'it was to fail';
  return {
    outcome,
    failure: fails ? { type: 'PeerUnavailable', step: 'check', message, remedy: '' } : null,
    leftovers: [],
  };
}
