import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { RelocationActivities } from '../activities/relocation/index.ts';
import type { SurveyActivities } from '../activities/survey.ts';
import type { Pace } from '../configuration/peers.ts';
import { steps, type StepName } from '../domain/steps.ts';
import { waitsQueue } from '../temporal/queues.ts';

/**
 * Every activity proxy, grouped by promise: a step is given up after a while, and rolled back; a step that waits for a
 * peer's long operation is given longer; what goes forward, and every undo, is insisted on. All wait for a cancelled
 * activity to end: an undo beside the step that it undoes breaks everything.
 */
export function stepsAt(pace: Pace) {
  const patient = {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    heartbeatTimeout: pace.heartbeatMs,
    retry: { initialInterval: pace.retryMs, backoffCoefficient: 2, maximumInterval: pace.retryMs * 20 },
  } as const;
  const within = (ms: number, attemptMs = ms): ActivityOptions => ({
    ...patient,
    startToCloseTimeout: attemptMs,
    scheduleToCloseTimeout: ms,
  });
  const step = within(pace.stepMs);
  const insist = within(pace.insistMs, pace.operationMs);
  /** What may take minutes does not stand in the way of what answers soon. */
  const taskQueue = waitsQueue(workflowInfo().taskQueue);
  const wait = { ...within(pace.operationMs), taskQueue };
  const copy = { ...step, taskQueue };
  const quiet = { ...within(pace.drainLimitMs + pace.insistMs, pace.drainLimitMs + pace.stepMs), taskQueue };
  const undo = { ...insist, taskQueue };

  return {
    checkRelocation: activity('checkRelocation', step, titled('check')),
    distributePackage: activity('distributePackage', wait, titled('package')),
    instantiateTarget: activity('instantiateTarget', wait, titled('instance')),
    copyAhead: activity('copyAhead', copy, titled('copyAhead')),
    switchPath: activity('switchPath', step, titled('switchPath')),
    handOver: activity('handOver', within(pace.handOverMs), titled('handOver')),
    settle: activity('settle', insist, 'ask the source what became of the hand-over'),
    notifyEndpoint: activity('notifyEndpoint', insist, titled('notify')),
    confirmQuiet: activity('confirmQuiet', quiet, titled('drain')),
    retireSource: activity('retireSource', insist, titled('retire')),
    planRelocation: activity('planRelocation', step, 'look, and change nothing'),
    undo: {
      releasePromise: activity('releasePromise', undo, 'undo: release the source from its promise'),
      removeTarget: activity('removeTarget', undo, 'undo: leave the target as it was found'),
      deleteCopies: activity('deleteCopies', undo, 'undo: delete the copied subscriptions'),
      switchBack: activity('switchBack', undo, 'undo: turn the path back'),
    },
  };
}

const activity = <K extends keyof RelocationActivities>(name: K, options: ActivityOptions, summary: string) =>
  proxyActivities<RelocationActivities>({ ...options, summary })[name] as unknown as RelocationActivities[K];
const titled = (name: StepName): string =>
  `${Object.keys(steps).indexOf(name) + 1} ${steps[name].title} (GR MEC 035, ${steps[name].clause})`;

export const { surveyPeers } = proxyActivities<SurveyActivities>({
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '20 seconds',
  heartbeatTimeout: '5 seconds',
  summary: 'probe every configured peer',
});
