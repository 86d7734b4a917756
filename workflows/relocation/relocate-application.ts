import {
  allHandlersFinished,
  CancellationScope,
  condition,
  sleep,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { HandedOver } from '../../activities/relocation/hand-over.ts';
import type { Checked } from '../../activities/relocation/check.ts';
import { chainOf } from '../../domain/identity.ts';
import { failures } from '../../domain/failures.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import type { StepName } from '../../domain/steps.ts';
import { failure, reasonOf, type Reason } from '../failure.ts';
import type { RelocationOrder } from '../messages.ts';
import { Progress } from '../progress.ts';
import { Saga } from '../saga.ts';
import { stepsAt } from '../steps.ts';
import { Operator } from './operator.ts';
import { Outcome } from './outcome.ts';

/**
 * Moves users of an application, and where needed the instance that serves them, from one site to another
 * (GR MEC 035, 4.3, 5.3, 5.4, 6.6). Up to the hand-over a failure leaves everything as it was; after it there is only
 * forward: retried for as long as the pace says, then parked for an operator.
 */
export async function relocateApplication({ request, pace }: RelocationOrder): Promise<RelocationResult> {
  const { application, users, source, target, maxInterruptionMs = null, deadline, cutOver } = request;
  const subject = { chain: chainOf(workflowInfo()), application, users, source, target };
  const progress = new Progress(request);
  const untilHandOver = new CancellationScope();
  const operator = new Operator(progress, untilHandOver);
  const saga = new Saga();
  const activities = stepsAt(pace);
  const { undo } = activities;
  const result = new Outcome(progress);

  const stage = async <T>(step: StepName, work: () => Promise<T>): Promise<T> => {
    await operator.proceed();
    return await progress.during(step, work);
  };
  /** A cancellation that was accepted counts, even if the step that it met went through. */
  const mayGoOn = (): void => {
    if (untilHandOver.consideredCancelled) throw failure('Cancelled', 'it was cancelled');
    if (deadline !== undefined && Date.now() >= Date.parse(deadline))
      throw failure('DeadlinePassed', `the hand-over had not begun by ${deadline}`);
  };

  /** Steps 1 to 5: the target is ready, knows what can be known ahead, and the path leads to it. */
  const prepare = async (): Promise<Prepared> => {
    let checked: Checked | undefined;
    let drainMs = 0;
    for (;;) {
      // 1. Check source, target and path (GR MEC 035, [5.3.2-2], [5.4.2-1], 6.6.3)
      mayGoOn();
      const found = checked?.found ?? null;
      const seen = await stage('check', () =>
        saga.step(
          'releasePromise',
          () => activities.checkRelocation({ ...subject, maxInterruptionMs, found }),
          () => undo.releasePromise(subject),
        ),
      );
      checked = seen;
      drainMs = Math.max(drainMs, seen.drainMs);
      result.guarantee = seen.guarantee;
      const order = { ...subject, found: seen.found };
      // 2. Bring the package to the target ([5.3.2-3], [5.4.2-2])
      result.moved.package = await stage('package', () => activities.distributePackage(subject));
      // 3. Start the target instance ([5.3.2-5], [5.3.2-6], [5.4.2-4], 6.6.2)
      const { instance, how } = await stage('instance', () =>
        saga.step(
          'removeTarget',
          () => activities.instantiateTarget(order),
          () => undo.removeTarget(order),
        ),
      );
      result.moved.instance = how;
      // 4. Copy subscriptions and context ahead ([5.3.2-4], [5.4.2-3])
      const both = { ...order, instance };
      const copied = await stage('copyAhead', () =>
        saga.step(
          'deleteCopies',
          () => activities.copyAhead(both),
          () => undo.deleteCopies(both),
        ),
      );
      Object.assign(result.moved, copied);
      await operator.mayCutOver(cutOver, deadline);
      await operator.proceed();
      mayGoOn();
      if (operator.hasWaited()) continue; // the world may have changed
      // 5. Turn the path to the target ([5.3.2-7], [5.4.2-5], [5.4.2-6])
      const { observed } = await stage('switchPath', () =>
        saga.step(
          'switchBack',
          () => activities.switchPath(both),
          () => undo.switchBack(both),
        ),
      );
      result.pathObserved = observed;
      await operator.proceed();
      mayGoOn();
      if (!operator.hasWaited()) return { both, drainMs };
    }
  };

  /** What comes after the hand-over is insisted on; when even that fails, an operator decides. */
  const forward = async <T>(step: StepName, work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await stage(step, work);
      } catch (error) {
        const reason = foreseen(error);
        if ((await operator.decides(reason)) === 'abandon') throw new Abandoned(reason);
      }
    }
  };

  /** Step 6. Without an answer the source is asked what became of it: its word is for ever. Undefined: it kept its users. */
  const handOver = async ({ both }: Prepared): Promise<HandedOver> => {
    try {
      return await stage('handOver', () => activities.handOver(both));
    } catch (error) {
      const reason = foreseen(error);
      const settlement = await forward('handOver', () => activities.settle(both));
      if (settlement === 'kept') throw failure('KeptBySource', reason.message);
      return await forward('handOver', () => activities.handOver(both));
    }
  };

  try {
    const prepared = await untilHandOver.run(prepare);
    await CancellationScope.nonCancellable(async () => {
      progress.pastNoReturn();
      // 6. Hand the users over: the point of no return ([5.3.2-4], [5.4.2-3])
      result.handedOver = await handOver(prepared);
      const { both, drainMs } = prepared;
      // 7. Tell devices the new endpoint ([5.3.2-7], [5.4.2-5])
      await forward('notify', () => activities.notifyEndpoint(both));
      // 8. Wait until nobody comes to the source any more (5.3.1)
      await forward('drain', () => sleep(drainMs, { summary: 'old addresses may be cached for so long' }));
      await forward('drain', () => activities.confirmQuiet(both));
      // 9. Retire the source (5.3.1, [5.3.2-4])
      await forward('retire', () => activities.retireSource(both));
    });
    result.outcome = 'relocated';
  } catch (error) {
    if (error instanceof Abandoned) {
      result.outcome = error.reason.type === 'StillInUse' ? 'relocatedSourceKept' : 'abandoned';
      result.fail(error.reason);
    } else {
      const reason = foreseen(error);
      const untouched = progress.step === 'check' && reason.type !== 'Cancelled' && !failures[reason.type].retry;
      if (untouched) saga.forget('releasePromise'); // a definite no comes before the promise
      result.fail(reason);
      progress.rollingBack();
      result.leftovers = await saga.rollBack();
      result.outcome = untouched ? 'refused' : 'rolledBack';
    }
  }
  await CancellationScope.nonCancellable(async () => await condition(allHandlersFinished));
  return progress.ended(result.told(CancellationScope.current().consideredCancelled));
}

interface Prepared {
  readonly both: Parameters<ReturnType<typeof stepsAt>['handOver']>[0];
  readonly drainMs: number;
}

/** An operator gave up what could not be finished. */
class Abandoned {
  readonly reason: Reason;

  constructor(reason: Reason) {
    this.reason = reason;
  }
}

/** Whatever is no failure of the domain is a bug of ours: nothing is undone, the task waits for its fix. */
function foreseen(error: unknown): Reason {
  if (!(error instanceof TemporalFailure)) throw error;
  return reasonOf(error) ?? { type: 'Unexpected', message: error.cause?.message ?? error.message };
}
