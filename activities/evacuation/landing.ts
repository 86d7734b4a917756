import { isMoved } from '../../domain/ended.ts';
import type { FailureType } from '../../domain/failures.ts';
import type { Landed } from '../../domain/window.ts';
import type { RunEnded } from './runs.ts';

/** What stands in the way at one target, and need not at another. */
const ELSEWHERE = new Set<FailureType>([
  'TargetRefused',
  'PackageMismatch',
  'ServiceMissing',
  'SubscriptionRefused',
  'LcmOperationFailed',
  'WrongHost',
  'NotSteerable',
  'Evacuating',
  'OnHold',
]);

/** Where everything is as it was before, and the target was to blame, another one is tried. */
export function landing({ outcome, failure, leftovers }: RunEnded, again: boolean): Landed {
  if (isMoved(outcome)) return 'moved';
  if (again) return 'again';
  const unchanged = (outcome === 'refused' || outcome === 'rolledBack') && leftovers === 0;
  return unchanged && failure !== null && ELSEWHERE.has(failure.type) ? 'elsewhere' : 'failed';
}
