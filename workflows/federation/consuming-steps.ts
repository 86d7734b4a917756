import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { ConsumingActivities } from '../../activities/federation/consuming.ts';
import {
  type ConsumptionStep,
  consumptionSteps,
  type ConsumptionUndo,
  consumptionUndos,
} from '../../domain/binding.ts';
import { waitsQueue } from '../../temporal/queues.ts';
import type { ConsumptionPace } from '../messages.ts';

const LOOK = '10 seconds';

/** A step is given up after a while, and what was done is undone; every undo is insisted on. */
export function consumingAt({ stepMs, attemptMs, insistMs, heartbeatMs, retryMs }: ConsumptionPace) {
  const patient = {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    heartbeatTimeout: heartbeatMs,
    retry: { initialInterval: retryMs, backoffCoefficient: 2, maximumInterval: retryMs * 20 },
  } as const;
  const look: ActivityOptions = { ...patient, startToCloseTimeout: LOOK, scheduleToCloseTimeout: LOOK };
  const step: ActivityOptions = { ...patient, startToCloseTimeout: attemptMs, scheduleToCloseTimeout: stepMs };
  const insist: ActivityOptions = {
    ...patient,
    taskQueue: waitsQueue(workflowInfo().taskQueue),
    startToCloseTimeout: attemptMs,
    scheduleToCloseTimeout: insistMs,
  };
  return {
    chooseOffer: activity('chooseOffer', look, titled('choose')),
    tellOrchestrator: activity('tellOrchestrator', step, titled('tell')),
    announceDecision: activity('announceDecision', step, titled('announce')),
    confirmPath: activity('confirmPath', step, titled('confirm')),
    exposeService: activity('exposeService', step, titled('expose')),
    undo: {
      dropChoice: activity('dropChoice', insist, 'undo: forget the choice'),
      withdrawService: activity('withdrawService', insist, back('withdrawService')),
      withdrawDecision: activity('withdrawDecision', insist, back('withdrawDecision')),
      retractDecision: activity('retractDecision', insist, back('retractDecision')),
    },
    there: {
      tellOrchestrator: activity('tellOrchestrator', step, '14 tell our orchestrator, and by it the platform'),
      openBinding: activity('openBinding', step, '14 see the producer, and let the partner through'),
      closeBinding: activity('closeBinding', insist, 'undo: let the partner through no more'),
    },
  };
}

const activity = <K extends keyof ConsumingActivities>(name: K, options: ActivityOptions, summary: string) =>
  proxyActivities<ConsumingActivities>({ ...options, summary })[name] as unknown as ConsumingActivities[K];
const titled = (name: ConsumptionStep): string =>
  `${consumptionSteps[name].numbers} ${consumptionSteps[name].title} (GR MEC 035, 6.5.3)`;
const back = (name: ConsumptionUndo): string => `undo: ${consumptionUndos[name].title}`;
