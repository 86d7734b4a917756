import { isStandby } from '../../domain/recovery.ts';
import type { RelocationRequest, RelocationResult } from '../../domain/relocation.ts';
import type { Both } from '../../activities/relocation/subject.ts';
import type { RelocationOrder } from '../messages.ts';
import { cutOvers } from './cut-over.ts';
import { measured } from './measured.ts';
import { Relocating } from './relocating.ts';
import { replaceSource } from './replace-source.ts';
import { SourceWatch } from './watch-source.ts';

/**
 * Moves users of an application, and where needed the instance that serves them, from one site to another
 * (GR MEC 035, 4.3, 5.3, 5.4, 6.6). Up to the hand-over a failure leaves everything as it was; after it there is only
 * forward: retried for as long as the pace says, then parked for an operator.
 */
export async function relocateApplication({ request, direction, pace }: RelocationOrder): Promise<RelocationResult> {
  const relocating = new Relocating(request, pace);
  const { sourceLost } = request;
  const ended = await relocating.procedure.run(relocating.result, async () =>
    sourceLost === undefined ? await relocate(relocating, request) : await replaceSource(relocating, sourceLost.accept),
  );
  return measured(direction, ended);
}

async function relocate(relocating: Relocating, request: RelocationRequest): Promise<void> {
  const { maxInterruptionMs = null, cutOver, accept } = request;
  const { procedure, step, undo, subject, brought, calmAt, result } = relocating;
  const prepared = await procedure.prepare(async () => {
    // 1. Check source, target and path (GR MEC 035, [5.3.2-2], [5.4.2-1], 6.6.3)
    const weakest = { ...(accept !== undefined && { accept }), ...(isStandby(cutOver) && { standby: true as const }) };
    const order = { ...subject, maxInterruptionMs, own: brought.to, ...weakest };
    const check = brought.keeping(() => step.checkRelocation(order));
    const checked = await procedure.step('check', check, {
      releasePromise: () => undo.releasePromise({ ...subject, from: brought.from, to: brought.to }),
    });
    const { from } = brought.found(checked);
    relocating.promises(checked.guarantee);

    // 2. Bring the package to the target ([5.3.2-3], [5.4.2-2])
    const toBring = { ...subject, ...(checked.package && { found: checked.package }) };
    result.moved.package = await procedure.step('package', () => step.distributePackage(toBring));

    // 3. Start the target instance ([5.3.2-5], [5.3.2-6], [5.4.2-4], 6.6.2)
    const { there } = brought;
    const start = brought.keeping(() => step.instantiateTarget({ ...subject, from, there }));
    const { to, how } = await procedure.step('instance', start, {
      removeTarget: () => undo.removeTarget({ ...subject, there, to: brought.to, own: brought.own, calmAt: calmAt() }),
    });
    result.moved.instance = brought.how(how);

    // 4. Copy subscriptions and context ahead ([5.3.2-4], [5.4.2-3])
    const both = { ...subject, from, to };
    const anchors = checked.anchors && { anchors: checked.anchors };
    const stays = result.moved.instance !== 'created' && ({ stays: true } as const);
    const copy = brought.keeping(() =>
      step.copyAhead({ ...both, ...brought.subscriptions, turns: brought.turns, ...anchors, ...stays }),
    );
    const { turns, ...copied } = await procedure.step('copyAhead', copy, {
      deleteCopies: () => undo.deleteCopies({ ...both, ...brought.copies, calmAt: calmAt() }),
    });
    result.moved.users = copied.users;
    result.moved.subscriptions = copied.subscriptions;
    const back = (): Promise<void> => undo.switchBack({ ...subject, turns: brought.turns ?? turns, calmAt: calmAt() });
    let watch: SourceWatch | undefined;
    if (checked.guarantee === 'zeroLoss')
      procedure.recovery = relocating.recovery({ ...both, turns }, back, () => watch?.silentSince ?? null);
    watch = watching(relocating, both, cutOver);
    const hold = checked.confirmation && cutOver === 'immediately' ? ({ approval: true } as const) : cutOver;
    await procedure.hold(hold).finally(() => watch?.end());

    // 5. Turn the path to the target ([5.3.2-7], [5.4.2-5], [5.4.2-6]); without the contract: what comes before that
    brought.turns = turns;
    return { both, decide: await cutOvers[checked.guarantee](relocating, { ...both, turns }, back) };
  });

  await procedure.pastNoReturn(async () => {
    // 6. Hand the users over: the point of no return ([5.3.2-4], [5.4.2-3]); without the contract: turn the path
    await prepared.decide();
    await relocating.leave(prepared.both);
  });
}

/** A standby is held in case that its source is lost, so that is looked for. */
const watching = (
  { procedure, step }: Relocating,
  both: Both,
  cutOver: RelocationRequest['cutOver'],
): SourceWatch | undefined =>
  isStandby(cutOver) && procedure.recovery !== undefined
    ? new SourceWatch(step.watchSource, both, (standby) => procedure.progress.standby(standby))
    : undefined;
