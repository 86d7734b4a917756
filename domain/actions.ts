import type { FailureType } from './failures.ts';
import type { ProcedureStatus } from './procedure.ts';

/** What an operator may say to a procedure. */
export const actions = ['pause', 'resume', 'cancel', 'approve', 'retry', 'abandon', 'recover'] as const;
export type Action = (typeof actions)[number];

type Status = ProcedureStatus<string, unknown>;

/** What may be said now: this is offered, and this is accepted. */
export function actionsOf(status: Status): Action[] {
  switch (status.state) {
    case 'working':
      if (status.cancelling) return [];
      return [status.pausing ? 'resume' : 'pause', ...cancelOf(status)];
    case 'paused':
      return ['resume', ...cancelOf(status), ...recoverOf(status)];
    case 'held':
      if (status.kept === true) return ['cancel'];
      // What is meant first: a standby is for the death of its source, and approved it is a move
      return status.standby == null
        ? ['approve', 'cancel', ...recoverOf(status)]
        : [...recoverOf(status), 'cancel', 'approve'];
    case 'parked':
      return ['retry', ...(status.abandonable ? (['abandon'] as const) : []), ...recoverOf(status)];
    case 'rollingBack':
    case 'ended':
      break;
  }
  return [];
}

const cancelOf = ({ cancellable }: { readonly cancellable: boolean }): Action[] => (cancellable ? ['cancel'] : []);

/** An older worker says nothing of it. */
const recoverOf = ({ recoverable }: { readonly recoverable?: boolean }): Action[] =>
  recoverable === true ? ['recover'] : [];

/** Why it may not be said now, and what may; undefined: it may. */
export function refusalOf(
  action: Action,
  status: Status,
): { readonly type: FailureType; readonly message: string } | undefined {
  const possible = actionsOf(status);
  if (possible.includes(action)) return undefined;
  if (action === 'cancel' && isTooLate(status))
    return { type: 'CancelTooLate', message: 'cancel is not possible: the hand-over has begun' };
  if (action === 'abandon' && status.state === 'parked')
    return { type: 'InDoubt', message: 'it is not known yet whether the source gave its users away' };
  const working = status.state === 'working' && (status.cancelling || status.pausing);
  const doing = !working ? words[status.state] : status.cancelling ? 'being cancelled' : 'pausing';
  const instead = possible.length === 0 ? '' : `; what is possible: ${possible.join(', ')}`;
  return { type: 'NotPossibleNow', message: `${action} is not possible: it is ${doing}${instead}` };
}

const words: Record<Status['state'], string> = {
  working: 'working',
  paused: 'paused',
  held: 'held',
  parked: 'parked',
  rollingBack: 'being rolled back',
  ended: 'ended',
};

/** Only what was begun before the hand-over can be taken back. */
const isTooLate = (status: Status): boolean =>
  ((status.state === 'working' || status.state === 'paused') && !status.cancellable) ||
  (status.state === 'parked' && status.left.length === 0);

/** Is what is asked for there already, so that nothing is left to be done? */
export const isAlreadySo = (action: Action, status: Status): boolean =>
  (action === 'pause' && (status.state === 'paused' || (status.state === 'working' && status.pausing))) ||
  (action === 'cancel' && status.state === 'working' && status.cancelling);
