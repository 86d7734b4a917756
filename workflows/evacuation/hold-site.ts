import { allHandlersFinished, condition, setHandler, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import { endHold } from '../messages.ts';

/** It may last for months, so it goes on with the code of today. */
setWorkflowOptions(
  () =>
    (workflowInfo().currentDeploymentVersion?.deploymentName ?? '') === ''
      ? {}
      : { versioningBehavior: 'AUTO_UPGRADE' },
  holdSite,
);

/** A site in maintenance: as long as this runs, step 1 of every relocation finds it, and nothing is moved there. */
export async function holdSite(): Promise<void> {
  let over = false;
  setHandler(endHold, () => {
    over = true;
  });
  await condition(() => over);
  await condition(allHandlersFinished);
}
