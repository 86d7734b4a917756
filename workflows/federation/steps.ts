import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { FederationActivities } from '../../activities/federation/index.ts';
import { waitsQueue } from '../../temporal/queues.ts';

/** One look at a partner, or one step of joining: what is not done by then the next round does. */
const ROUND = '60 seconds';
const ATTEMPT = '30 seconds';

/** Every activity proxy of federation, grouped by promise; all wait for a cancelled activity to end. */
const patient = {
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  heartbeatTimeout: '5 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 seconds' },
} as const;
const soon = { ...patient, startToCloseTimeout: ATTEMPT, scheduleToCloseTimeout: ROUND } as const;

export const { tendPartner } = activity('tendPartner', soon, 'look at the partner, and at what is wanted (5.1.2)');

export const joining = {
  ...activity('authenticatePartner', soon, '1 a token of the partner (5.1.2 level 1)'),
  ...activity('requestFederation', soon, '2 ask for an agreement (6.5.2 step 5)'),
  ...activity('acceptZones', soon, '3 accept its zones (6.5.2 step 5)'),
  ...activity('exchangeSystems', soon, '4 exchange systems (6.3.2)'),
};

/** It is insisted on, on the queue of what waits long. */
export function leaving(insistMs: number) {
  return activity(
    'leavePartner',
    {
      ...patient,
      taskQueue: waitsQueue(workflowInfo().taskQueue),
      startToCloseTimeout: ROUND,
      scheduleToCloseTimeout: insistMs,
    },
    'undo: leave the partner',
  );
}

function activity<K extends keyof FederationActivities>(
  name: K,
  options: ActivityOptions,
  summary: string,
): Pick<FederationActivities, K> {
  const proxy = proxyActivities<FederationActivities>({ ...options, summary })[name];
  return { [name]: proxy } as unknown as Pick<FederationActivities, K>;
}
