import {
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import type { TellingActivities } from '../../activities/federation/tell-subscribers.ts';
import { foreseen } from '../kit/failure.ts';
import { poke } from '../messages.ts';

const EVENTS = 2_000;
/** After a database that was away for all of an activity's patience. */
const LATER = '1 minute';

const { tellSubscribers: tellThem } = proxyActivities<TellingActivities>({
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  heartbeatTimeout: '5 seconds',
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  summary: 'tell subscribers of systems that were registered, changed or went (MEC 040, 6.4.2)',
});

/** What is due stands in the catalogue, so it goes on with the code of today. */
setWorkflowOptions(
  () =>
    (workflowInfo().currentDeploymentVersion?.deploymentName ?? '') === ''
      ? {}
      : { versioningBehavior: 'AUTO_UPGRADE' },
  tellSubscribers,
);

/** Tells subscribers of MEC 040 until nothing is left to tell. A poke says that there may be more: it is looked again. */
export async function tellSubscribers(): Promise<void> {
  let poked = true;
  setHandler(poke, () => {
    poked = true;
  });
  while (poked) {
    poked = false;
    const again = await told();
    if (workflowInfo().historyLength > EVENTS) return await continueAsNew<typeof tellSubscribers>();
    if (again === null) continue;
    await condition(() => poked, again);
    poked = true;
  }
}

async function told(): Promise<number | typeof LATER | null> {
  try {
    const { againInMs } = await tellThem();
    return againInMs;
  } catch (error) {
    foreseen(error);
    return LATER;
  }
}
