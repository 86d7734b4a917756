import {
  CancellationScope,
  condition,
  continueAsNew,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { goesOut, looking, poked } from '../../domain/anchoring.ts';
import { foreseen } from '../kit/failure.ts';
import { type MarkOrder, poke } from '../messages.ts';
import { markAt } from '../steps.ts';

/** Of one run: then it is continued in a new one, so that no history grows for ever. */
const EVENTS = 2_000;
/** Should a look fail for good, which it never ought to. */
const LATER = '1 minute';

/** It lasts as long as anchors do, so it goes on with the code of today. */
setWorkflowOptions(
  () =>
    (workflowInfo().currentDeploymentVersion?.deploymentName ?? '') === ''
      ? {}
      : { versioningBehavior: 'AUTO_UPGRADE' },
  markAnchored,
);

/**
 * As long as this runs anchors stand for an application, or begin: every relocation of it looks for them. A poke says that one has
 * begun, so that what a look has seen before counts no more. A cancellation would hide those that stand, and does nothing.
 */
export async function markAnchored(order: MarkOrder): Promise<void> {
  let marking = poked;
  setHandler(poke, () => {
    marking = poked;
  });
  await CancellationScope.nonCancellable(async () => {
    while (!goesOut(marking)) {
      marking = looking;
      await Promise.race([noneStands(order), condition(isLong)]);
      if (isLong()) await continueAsNew<typeof markAnchored>(order);
    }
  });
}

const isLong = (): boolean => workflowInfo().historyLength > EVENTS;

async function noneStands(order: MarkOrder): Promise<void> {
  const { application, pace } = order;
  for (;;) {
    try {
      return await markAt(pace)({ application });
    } catch (error) {
      foreseen(error);
      await condition(() => false, LATER);
    }
  }
}
