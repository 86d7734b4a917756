import { sleep, workflowInfo } from '@temporalio/workflow';
import type { Both } from '../../activities/relocation/subject.ts';
import { chainOf } from '../../domain/identity.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import { steps, undos, type StepName, type UndoName } from '../../domain/steps.ts';
import { Procedure } from '../kit/procedure.ts';
import type { RelocationOrder } from '../messages.ts';
import { stepsAt } from '../steps.ts';
import { Brought } from './brought.ts';
import { handOver } from './hand-over.ts';
import { measured } from './measured.ts';
import { Outcome } from './outcome.ts';
import { recover } from './recover.ts';

/** What was asked of a peer and given up may be carried out for a while: counted from the first undo. */
function once(instant: () => number): () => number {
  let told: number | undefined;
  return () => (told ??= instant());
}

/**
 * Moves users of an application, and where needed the instance that serves them, from one site to another
 * (GR MEC 035, 4.3, 5.3, 5.4, 6.6). Up to the hand-over a failure leaves everything as it was; after it there is only
 * forward: retried for as long as the pace says, then parked for an operator.
 */
export async function relocateApplication({ request, direction, pace }: RelocationOrder): Promise<RelocationResult> {
  const { application, users, source, target, maxInterruptionMs = null, deadline, cutOver } = request;
  const subject = { chain: chainOf(workflowInfo()), application, users, source, target };
  const procedure = new Procedure<StepName, UndoName, RelocationResult>({
    headline: `**${application}**, ${users === '*' ? 'all users' : 'one user'}: **${source} → ${target}**`,
    steps,
    undos,
    deadline,
    lost: 'releasePromise',
    againMs: pace.insistMs,
  });
  const { undo, ...step } = stepsAt(pace);
  const result = new Outcome(procedure.progress);
  const brought = new Brought();
  const calmAt = once(() => Date.now() + pace.attemptMs);

  const leave = async (both: Both): Promise<void> => {
    // 7. Tell devices the new endpoint ([5.3.2-7], [5.4.2-5])
    await procedure.forward(
      'notify',
      brought.keeping(() => step.notifyEndpoint({ ...both, seen: brought.seen })),
    );

    // 8. Wait until nobody comes to the source any more (5.3.1)
    await procedure.forward('drain', () =>
      sleep(brought.drainMs, { summary: 'old addresses may be cached for so long' }),
    );
    await procedure.forward('drain', () => step.confirmQuiet(both));

    // 9. Retire the source (5.3.1, [5.3.2-4])
    await procedure.forward('retire', () => step.retireSource({ ...both, seen: brought.seen }));
  };

  const ended = await procedure.run(result, async () => {
    const prepared = await procedure.prepare(async () => {
      // 1. Check source, target and path (GR MEC 035, [5.3.2-2], [5.4.2-1], 6.6.3)
      const order = { ...subject, maxInterruptionMs, own: brought.to };
      const check = brought.keeping(() => step.checkRelocation(order));
      const checked = await procedure.step('check', check, {
        releasePromise: () => undo.releasePromise({ ...subject, from: brought.from, to: brought.to }),
      });
      const { from } = brought.found(checked);
      result.guarantee = checked.guarantee;

      // 2. Bring the package to the target ([5.3.2-3], [5.4.2-2])
      result.moved.package = await procedure.step('package', () => step.distributePackage(subject));

      // 3. Start the target instance ([5.3.2-5], [5.3.2-6], [5.4.2-4], 6.6.2)
      const { there } = brought;
      const start = brought.keeping(() => step.instantiateTarget({ ...subject, from, there }));
      const { to, how } = await procedure.step('instance', start, {
        removeTarget: () =>
          undo.removeTarget({ ...subject, there, to: brought.to, own: brought.own, calmAt: calmAt() }),
      });
      result.moved.instance = brought.how(how);

      // 4. Copy subscriptions and context ahead ([5.3.2-4], [5.4.2-3])
      const both = { ...subject, from, to };
      const copy = brought.keeping(() =>
        step.copyAhead({ ...both, made: brought.made, turns: brought.turns, seen: brought.seen }),
      );
      const { turns, ...copied } = await procedure.step('copyAhead', copy, {
        deleteCopies: () =>
          undo.deleteCopies({ ...both, made: brought.made, before: brought.before, calmAt: calmAt() }),
      });
      result.moved.users = copied.users;
      result.moved.subscriptions = copied.subscriptions;
      const back = (): Promise<void> =>
        undo.switchBack({ ...subject, turns: brought.turns ?? turns, calmAt: calmAt() });
      if (checked.guarantee === 'zeroLoss')
        procedure.recovery = async () => {
          await recover(procedure, step, { ...both, turns }, back, result);
          await leave(both);
        };
      await procedure.hold(checked.confirmation && cutOver === 'immediately' ? { approval: true } : cutOver);

      // 5. Turn the path to the target ([5.3.2-7], [5.4.2-5], [5.4.2-6])
      brought.turns = turns;
      const { observed } = await procedure.step('switchPath', () => step.switchPath({ ...both, turns }), {
        switchBack: back,
      });
      result.pathObserved = observed;
      return both;
    });

    await procedure.pastNoReturn(async () => {
      // 6. Hand the users over: the point of no return ([5.3.2-4], [5.4.2-3])
      result.handedOver = await handOver(procedure, step, prepared);
      procedure.recovery = undefined;
      await leave(prepared);
    });
  });
  return measured(direction, ended);
}
