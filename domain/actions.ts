import type { FailureType } from './failures.ts';
import type { RelocationStatus } from './relocation.ts';

/** What an operator may say to a relocation. */
export const actions = ['pause', 'resume', 'cancel', 'approve', 'retry', 'abandon'] as const;
export type Action = (typeof actions)[number];

/** What was said and has not shown yet: the step under way has to end first. */
interface Asked {
  readonly pausing?: boolean;
  readonly cancelling?: boolean;
}

/** What may be said now: this is offered, and this is accepted. */
export function actionsOf(status: RelocationStatus & Asked): Action[] {
  if (status.cancelling === true) return [];
  switch (status.state) {
    case 'working':
      return [status.pausing === true ? 'resume' : 'pause', ...cancelOf(status)];
    case 'paused':
      return ['resume', ...cancelOf(status)];
    case 'held':
      return ['approve', 'cancel'];
    case 'parked':
      return ['retry', 'abandon'];
    case 'rollingBack':
    case 'ended':
      break;
  }
  return [];
}

const cancelOf = ({ cancellable }: { readonly cancellable: boolean }): Action[] => (cancellable ? ['cancel'] : []);

/** Why it may not be said now, and what may; undefined: it may. */
export function refusalOf(
  action: Action,
  status: RelocationStatus & Asked,
): { readonly type: FailureType; readonly message: string } | undefined {
  const possible = actionsOf(status);
  if (possible.includes(action)) return undefined;
  if (action === 'cancel' && isTooLate(status))
    return { type: 'CancelTooLate', message: 'cancel is not possible: the hand-over has begun' };
  const doing =
    status.cancelling === true ? 'being cancelled' : status.pausing === true ? 'pausing' : words[status.state];
  const instead = possible.length === 0 ? '' : `; what is possible: ${possible.join(', ')}`;
  return { type: 'NotPossibleNow', message: `${action} is not possible: it is ${doing}${instead}` };
}

const words: Record<RelocationStatus['state'], string> = {
  working: 'working',
  paused: 'paused',
  held: 'held',
  parked: 'parked',
  rollingBack: 'being rolled back',
  ended: 'ended',
};

/** Only what was begun before the hand-over can be taken back. */
const isTooLate = (status: RelocationStatus & Asked & { readonly rollback?: boolean }): boolean =>
  status.cancelling !== true &&
  (((status.state === 'working' || status.state === 'paused') && !status.cancellable) ||
    (status.state === 'parked' && status.rollback !== true));

/** Is what is asked for there already, so that nothing is left to be done? */
export const isAlreadySo = (action: Action, status: RelocationStatus & Asked): boolean =>
  (action === 'pause' && (status.state === 'paused' || (status.state === 'working' && status.pausing === true))) ||
  (action === 'cancel' && status.cancelling === true);
