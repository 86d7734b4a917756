import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { FederationActivities, FindingActivities } from '../../activities/federation/index.ts';
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

/** The catalogue answers at once, or not at all; our own orchestrators may be asked within. */
const LOOK = '10 seconds';
/** To join partners, for which `formFederations` waits 20 s, and to be asked to end. */
const FORM = '30 seconds';
const MARGIN_MS = 2_000;

/** A question of somebody who waits: what is not there soon is told as not known. */
export function findingAt({ askMs }: { readonly askMs: number }) {
  const look = { ...patient, startToCloseTimeout: LOOK, scheduleToCloseTimeout: LOOK };
  const form = { ...patient, startToCloseTimeout: FORM, scheduleToCloseTimeout: FORM };
  const attempt = askMs + MARGIN_MS;
  const ask = {
    ...patient,
    startToCloseTimeout: attempt,
    scheduleToCloseTimeout: 2 * attempt + MARGIN_MS,
    retry: { ...patient.retry, maximumAttempts: 2 },
  };
  return {
    ...activity('lookInCatalogue', look, '1 what is known (6.5.3 step 6)'),
    ...activity('formFederations', form, '2 join partners on a miss (6.5.2 step 4, 6.5.3 step 7)'),
    ...activity('askPartners', ask, '3 ask the partners (6.3.2, 6.4.3, 6.5.3 steps 8-10)'),
    ...activity('askOrchestrators', look, 'ask our orchestrators (6.4.3 steps 3-4, 6.5.3 step 9)'),
  };
}

type Activities = FederationActivities & FindingActivities;

function activity<K extends keyof Activities>(name: K, options: ActivityOptions, summary: string): Pick<Activities, K> {
  const proxy = proxyActivities<Activities>({ ...options, summary })[name];
  return { [name]: proxy } as unknown as Pick<Activities, K>;
}
