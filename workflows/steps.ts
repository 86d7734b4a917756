import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { AnchoringActivities } from '../activities/anchoring/index.ts';
import type { EvacuationActivities } from '../activities/evacuation/evacuate-host.ts';
import type { FollowingActivities } from '../activities/following/follow.ts';
import type { RelocationActivities } from '../activities/relocation/index.ts';
import type { SurveyActivities } from '../activities/survey.ts';
import type { WhereActivities } from '../activities/where.ts';
import type { Pace } from '../configuration/peers.ts';
import { type AnchorStep, anchorSteps, anchorUndos } from '../domain/anchoring.ts';
import { steps, undos, type StepName, type UndoName } from '../domain/steps.ts';
import { waitsQueue } from '../temporal/queues.ts';
import type { FollowerOrder } from './messages.ts';

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
  /** What may take minutes does not stand in the way of what answers soon. */
  const taskQueue = waitsQueue(workflowInfo().taskQueue);
  const wait = { ...within(pace.operationMs), taskQueue };
  const copy = { ...step, taskQueue };
  const quiet = { ...within(pace.drainLimitMs + pace.insistMs, pace.drainLimitMs + pace.stepMs), taskQueue };
  const insist = { ...within(pace.insistMs, pace.operationMs), taskQueue };

  /** However long: each look is soon over, and the server repeats it without an event. */
  const watch = {
    ...within(FOREVER_MS, pace.stepMs),
    taskQueue,
    retry: { initialInterval: pace.deadMs / 2, backoffCoefficient: 1 },
  };

  return {
    checkRelocation: activity('checkRelocation', step, titled('check')),
    distributePackage: activity('distributePackage', wait, titled('package')),
    instantiateTarget: activity('instantiateTarget', wait, titled('instance')),
    copyAhead: activity('copyAhead', copy, titled('copyAhead')),
    switchPath: activity('switchPath', step, titled('switchPath')),
    // Its patience is the activity's own: the absence of a worker uses up none of it
    transferContext: activity(
      'transferContext',
      wait,
      own("transfer of its users' context by the application", 'MEC 021, 5.2'),
    ),
    stopSource: activity('stopSource', wait, own('stop the source', 'MEC 010-2, operate STOPPED')),
    handOver: activity('handOver', within(pace.insistMs, pace.handOverMs * 2), titled('handOver')),
    settle: activity('settle', within(pace.insistMs, pace.operationMs), 'ask the source what became of the hand-over'),
    notifyEndpoint: activity('notifyEndpoint', insist, titled('notify')),
    confirmQuiet: activity('confirmQuiet', quiet, titled('drain')),
    retireSource: activity('retireSource', insist, titled('retire')),
    checkLost: activity('checkLost', step, 'which instance is lost, and what the target has of its users'),
    watchSource: activity('watchSource', watch, 'does the source of the standby live'),
    fenceReturned: activity('fenceReturned', watch, 'wait for a source that was taken to be dead, and fence it'),
    confirmLost: activity('confirmLost', step, 'is the source dead, and nobody else its successor'),
    fenceSource: activity('fenceSource', wait, 'have the source stopped'),
    takeOver: activity('takeOver', insist, 'the target takes the place of the source (GR MEC 035, 5.3.1)'),
    undo: {
      releasePromise: activity('releasePromise', insist, back('releasePromise')),
      removeTarget: activity('removeTarget', insist, back('removeTarget')),
      deleteCopies: activity('deleteCopies', insist, back('deleteCopies')),
      switchBack: activity('switchBack', insist, back('switchBack')),
      tellFailed: activity('tellFailed', insist, back('tellFailed')),
      startSource: activity('startSource', insist, back('startSource')),
    },
  };
}

/** The same step, where there is only forward: nobody serves its users until it is done. */
export const forwardAt = ({ insistMs, operationMs, heartbeatMs, retryMs }: Pace) => ({
  switchPath: activity(
    'switchPath',
    {
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      heartbeatTimeout: heartbeatMs,
      startToCloseTimeout: operationMs,
      scheduleToCloseTimeout: insistMs,
      retry: { initialInterval: retryMs, backoffCoefficient: 2, maximumInterval: retryMs * 20 },
    },
    titled('switchPath'),
  ),
});

/** Ten years. */
const FOREVER_MS = 315_360_000_000;

/** A question of a person: what cannot be asked at once is told so. */
export const planAt = (pace: Pace) => {
  const { planRelocation, findPlacements } = proxyActivities<RelocationActivities>({
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    heartbeatTimeout: pace.heartbeatMs,
    startToCloseTimeout: PLAN_MS,
    scheduleToCloseTimeout: PLAN_MS,
    retry: { maximumAttempts: 2 },
    summary: 'look, and change nothing',
  });
  return { planRelocation, findPlacements };
};
const PLAN_MS = '18 seconds';

/** It lasts as long as what it awaits; a worker that is gone is noticed by the missing signs of life. */
export const evacuationAt = (pace: Pick<Pace, 'heartbeatMs' | 'retryMs'>) =>
  proxyActivities<EvacuationActivities>({
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    heartbeatTimeout: pace.heartbeatMs,
    startToCloseTimeout: EVACUATION_LIMIT,
    scheduleToCloseTimeout: EVACUATION_LIMIT,
    retry: { initialInterval: pace.retryMs, backoffCoefficient: 2, maximumInterval: pace.retryMs * 20 },
    taskQueue: waitsQueue(workflowInfo().taskQueue),
    summary: 'move everything that the site serves (GR MEC 035, 5.3.1)',
  }).evacuateHost;
/** What lasts longer waits for somebody who does not come. */
const EVACUATION_LIMIT = '20 days';

/** What a follower does: short questions, and moves that last as long as they take. */
export function followingAt({ stepMs, insistMs, heartbeatMs, retryMs }: FollowerOrder['pace']) {
  const patient = {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    heartbeatTimeout: heartbeatMs,
    retry: { initialInterval: retryMs, backoffCoefficient: 2, maximumInterval: retryMs * 20 },
  } as const;
  const within = (ms: number) => ({ ...patient, startToCloseTimeout: ms, scheduleToCloseTimeout: ms });
  const long = {
    ...patient,
    startToCloseTimeout: EVACUATION_LIMIT,
    scheduleToCloseTimeout: EVACUATION_LIMIT,
    taskQueue: waitsQueue(workflowInfo().taskQueue),
  };
  return {
    listenForDevice: ofFollower('listenForDevice', within(stepMs), 'have it told where the device goes (MEC 013)'),
    followDevice: ofFollower('followDevice', long, 'look which site fits, and move (GR MEC 035, 5.3.1)'),
    hushForDevice: ofFollower('hushForDevice', within(insistMs), 'undo: have it told no more (MEC 013)'),
  };
}
const ofFollower = <K extends keyof FollowingActivities>(name: K, options: ActivityOptions, summary: string) =>
  proxyActivities<FollowingActivities>({ ...options, summary })[name] as unknown as FollowingActivities[K];

const activity = <K extends keyof RelocationActivities>(name: K, options: ActivityOptions, summary: string) =>
  proxyActivities<RelocationActivities>({ ...options, summary })[name] as unknown as RelocationActivities[K];
const back = (name: UndoName): string => `undo: ${undos[name].title}`;
const own = (title: string, clause: string): string => `6 ${title} (GR MEC 035, ${steps.handOver.clause}; ${clause})`;
const titled = (name: StepName): string =>
  `${Object.keys(steps).indexOf(name) + 1} ${steps[name].title} (GR MEC 035, ${steps[name].clause})`;

const surveying = {
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '20 seconds',
  heartbeatTimeout: '5 seconds',
} as const;
export const { surveyPeers } = proxyActivities<SurveyActivities>({
  ...surveying,
  summary: 'probe every configured peer',
});
export const { lookAtPeers } = proxyActivities<SurveyActivities>({
  ...surveying,
  summary: 'ask peers of whom nothing was heard lately whether they are there',
});

export const { locateApplications } = proxyActivities<WhereActivities>({
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: PLAN_MS,
  scheduleToCloseTimeout: PLAN_MS,
  heartbeatTimeout: '5 seconds',
  summary: 'ask every site and instance where applications are',
});

/** What an anchor does itself; its package and its holder are those of a relocation to the holder's site. */
export function anchoringAt(pace: Pace) {
  const { distributePackage, instantiateTarget, undo } = stepsAt(pace);
  const patient = {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    heartbeatTimeout: pace.heartbeatMs,
    retry: { initialInterval: pace.retryMs, backoffCoefficient: 2, maximumInterval: pace.retryMs * 20 },
  } as const;
  const step = { ...patient, startToCloseTimeout: pace.stepMs, scheduleToCloseTimeout: pace.stepMs };
  const taskQueue = waitsQueue(workflowInfo().taskQueue);
  const insist = {
    ...patient,
    startToCloseTimeout: pace.operationMs,
    scheduleToCloseTimeout: pace.insistMs,
    taskQueue,
  };
  /** However long: each look is soon over, and the server repeats it without an event. Once a minute: each is an action. */
  const watch = {
    ...patient,
    startToCloseTimeout: pace.stepMs,
    scheduleToCloseTimeout: FOREVER_MS,
    taskQueue,
    retry: { initialInterval: pace.deadMs * 6, backoffCoefficient: 1 },
  };
  return {
    checkAnchor: ofAnchor('checkAnchor', step, titledOfAnchor('check')),
    distributePackage,
    instantiateTarget,
    exposeServices: ofAnchor('exposeServices', step, titledOfAnchor('services')),
    turnAnchor: ofAnchor('turnAnchor', step, titledOfAnchor('path')),
    watchAnchored: ofAnchor('watchAnchored', watch, 'does the source serve (GR MEC 035, 5.4.1)'),
    followAnchor: ofAnchor('followAnchor', insist, 'the source has moved: follow it'),
    undo: {
      removeHolder: undo.removeTarget,
      hideServices: ofAnchor('hideServices', insist, `undo: ${anchorUndos.hideServices.title}`),
      turnAnchorBack: ofAnchor('turnAnchorBack', insist, `undo: ${anchorUndos.turnAnchorBack.title}`),
    },
  };
}

/** However long: each look is soon over, and the server repeats it without an event. */
export const markAt = ({ stepMs, insistMs }: Pick<Pace, 'stepMs' | 'insistMs'>) =>
  proxyActivities<AnchoringActivities>({
    cancellationType: 'ABANDON',
    startToCloseTimeout: stepMs,
    scheduleToCloseTimeout: FOREVER_MS,
    retry: { initialInterval: insistMs, backoffCoefficient: 1 },
    summary: 'wait until no anchor of the application stands any more',
  }).awaitNoAnchor;

const ofAnchor = <K extends keyof AnchoringActivities>(name: K, options: ActivityOptions, summary: string) =>
  proxyActivities<AnchoringActivities>({ ...options, summary })[name] as unknown as AnchoringActivities[K];
const titledOfAnchor = (name: AnchorStep): string =>
  `${Object.keys(anchorSteps).indexOf(name) + 1} ${anchorSteps[name].title} (GR MEC 035, ${anchorSteps[name].clause})`;
