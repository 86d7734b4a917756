import { sleep, startChild, TemporalFailure, workflowInfo } from '@temporalio/workflow';
import type { Retired } from '../../activities/relocation/retire-source.ts';
import type { Both, Subject } from '../../activities/relocation/subject.ts';
import type { SwitchOrder } from '../../activities/relocation/switch-path.ts';
import type { Pace } from '../../configuration/peers.ts';
import { chainOf, fencingWorkflowId, runNameOf } from '../../domain/identity.ts';
import { type Guaranteed, tellsWhoComes } from '../../domain/guarantee.ts';
import { type Fenced, mayWrite } from '../../domain/recovery.ts';
import type { RelocationRequest, RelocationResult } from '../../domain/relocation.ts';
import { steps, stepsOf, undos, type StepName, type UndoName } from '../../domain/steps.ts';
import type { NeedsPerson } from '../../domain/waits.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { Procedure, type Recovery } from '../kit/procedure.ts';
import type { FencingOrder } from '../messages.ts';
import { forwardAt, stepsAt } from '../steps.ts';
import { Brought } from './brought.ts';
import { fenceSource } from './fence-source.ts';
import { Outcome } from './outcome.ts';
import { recoveryOf } from './recover.ts';

/** What was asked of a peer and given up may be carried out for a while: counted from the first undo. */
function once(instant: () => number): () => number {
  let told: number | undefined;
  return () => (told ??= instant());
}

async function notify({ procedure, step, brought, result }: Relocating, both: Both): Promise<void> {
  const transferred = result.guarantee === 'applicationOwn' ? ({ transferred: true } as const) : {};
  // 7. Tell devices the new endpoint ([5.3.2-7], [5.4.2-5])
  await procedure.forward(
    'notify',
    brought.keeping(() => step.notifyEndpoint({ ...both, ...brought.subscriptions, ...transferred, ...brought.taken })),
  );
}

/** One relocation under way: what its steps share, whether its source lives or not. */
export class Relocating {
  readonly subject: Subject;
  readonly procedure: Procedure<StepName, UndoName, RelocationResult>;
  readonly step: Omit<ReturnType<typeof stepsAt>, 'undo'>;
  readonly undo: ReturnType<typeof stepsAt>['undo'];
  /** Steps that come after the point of no return where there is no contract: insisted on. */
  readonly forward: ReturnType<typeof forwardAt>;
  readonly result: Outcome;
  readonly brought = new Brought();
  readonly calmAt: () => number;
  readonly #pace: Pace;

  constructor({ application, users, source, target, deadline }: RelocationRequest, pace: Pace) {
    this.#pace = pace;
    this.subject = { chain: chainOf(workflowInfo()), application, users, source, target };
    this.procedure = new Procedure<StepName, UndoName, RelocationResult>({
      headline: `**${application}**, ${users === '*' ? 'all users' : 'one user'}: **${source} → ${target}**`,
      steps,
      undos,
      deadline,
      lost: 'releasePromise',
      againMs: pace.insistMs,
    });
    const { undo, ...step } = stepsAt(pace);
    [this.step, this.undo, this.forward] = [step, undo, forwardAt(pace)];
    this.result = new Outcome(this.procedure.progress);
    this.calmAt = once(() => Date.now() + pace.attemptMs);
  }

  /** What was found that can be promised, and accepted: the order of the steps depends on it. */
  promises(guarantee: Guaranteed): void {
    this.result.guarantee = guarantee;
    this.procedure.progress.inOrder(new Map(stepsOf(guarantee)));
  }

  /** How the target takes the place of a source that is lost. */
  recovery(order: SwitchOrder, switchBack: () => Promise<void>, silentSince: () => string | null): Recovery {
    const { turns: _, ...both } = order;
    return recoveryOf(this.procedure, this.step, {
      order,
      silentSince,
      switchBack,
      result: this.result,
      leave: async (fence, epoch) => await this.#leaveLost(both, fence, epoch),
    });
  }

  /** Steps 7 to 9: forward only. */
  async leave(both: Both): Promise<void> {
    const { procedure, step, brought } = this;
    await notify(this, both);

    // 8. Wait until nobody comes to the source any more (5.3.1)
    await procedure.forward('drain', () =>
      sleep(brought.drainMs, { summary: 'old addresses may be cached for so long' }),
    );
    if (tellsWhoComes(this.result.guarantee)) await procedure.forward('drain', () => step.confirmQuiet(both));

    // 9. Retire the source (5.3.1, [5.3.2-4])
    const order = { ...both, ...brought.subscriptions, ...brought.taken };
    const retired: Partial<Retired> = await procedure.forward('retire', () => step.retireSource(order));
    this.result.leaves('retireSource', retired.left ?? []); // an older worker answers a word
  }

  /** A source that nobody could stop is waited for by another run: its users are served. */
  async #leaveLost(both: Both, fence: Fenced, epoch: number): Promise<void> {
    if (!mayWrite(fence)) return await this.leave(both);
    await notify(this, both);
    const { recovery } = this.result;
    if (recovery === null) return;
    await waitFor({ ...both, seen: this.brought.seen }, epoch, recovery.writes, this.#pace);
    this.result.recovery = { ...recovery, fencing: runNameOf(both.chain) };
  }
}

async function waitFor(both: FencingOrder['both'], epoch: number, writes: number, pace: Pace): Promise<void> {
  const { application, source, target } = both;
  const world = workflowInfo().typedSearchAttributes.get(searchAttributes.world);
  try {
    await startChild(fenceSource, {
      workflowId: fencingWorkflowId(both.chain),
      parentClosePolicy: 'ABANDON',
      args: [{ both, epoch, writes, pace }],
      typedSearchAttributes: [
        { key: searchAttributes.application, value: application },
        { key: searchAttributes.source, value: source },
        { key: searchAttributes.target, value: target },
        { key: searchAttributes.outcome, value: 'unfenced' satisfies NeedsPerson },
        ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
      ],
      staticSummary: `${application}: waits for ${source}, which was taken to be dead`,
    });
  } catch (error) {
    const isThere = error instanceof TemporalFailure && error.name === 'WorkflowExecutionAlreadyStartedError';
    if (!isThere) throw error; // one of before a Reset of this run goes on
  }
}
