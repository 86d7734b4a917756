import type { Acceptance } from '../../domain/recovery.ts';
import type { Relocating } from './relocating.ts';

/**
 * The source is taken to be dead and no relocation was under way: the target takes its place, with a copy that an earlier
 * one left there, or empty (GR MEC 035, 5.3.1). Until it takes over a failure leaves everything as it was.
 */
export async function replaceSource(relocating: Relocating, accept: Acceptance): Promise<void> {
  const { procedure, step, undo, subject, brought, calmAt, result } = relocating;
  const lost = true as const;
  const recovery = await procedure.prepare(async () => {
    // 1. Which instance is lost, who has copies, and what stands in the way (5.3.1, [5.3.2-2], 6.6.3)
    const passing = accept.otherUnknown === true ? { otherUnknown: true as const } : {};
    const order = { ...subject, maxInterruptionMs: null, own: brought.to, ...passing };
    const { from } = brought.found(await procedure.step('check', () => step.checkLost(order)));

    // 2. Bring the package to the target ([5.3.2-3], [5.4.2-2])
    result.moved.package = await procedure.step('package', () => step.distributePackage(subject));

    // 3. Start the target instance, where there is none with a copy ([5.3.2-5], [5.4.2-4])
    const { there } = brought;
    const start = brought.keeping(() => step.instantiateTarget({ ...subject, from, there, lost }));
    const { to, how } = await procedure.step('instance', start, {
      removeTarget: () => undo.removeTarget({ ...subject, there, to: brought.to, own: brought.own, calmAt: calmAt() }),
    });
    result.moved.instance = brought.how(how);

    // 4. Copy what the source's platform still shows ([5.3.2-4])
    const both = { ...subject, from, to };
    const { made, seen } = brought;
    const copy = brought.keeping(() => step.copyAhead({ ...both, made, turns: brought.turns, seen, lost }));
    const { turns, subscriptions } = await procedure.step('copyAhead', copy, {
      deleteCopies: () => undo.deleteCopies({ ...both, ...brought.copies, calmAt: calmAt() }),
    });
    result.moved.subscriptions = subscriptions;
    brought.turns = turns;
    const switchBack = (): Promise<void> => undo.switchBack({ ...subject, turns, calmAt: calmAt() });
    const replacing = relocating.recovery({ ...both, turns }, switchBack, () => null);
    await procedure.step('check', () => replacing.confirm(accept));
    return replacing;
  });
  // 5 and 6. The path, the fence, and the target takes over
  await procedure.pastNoReturn(() => recovery.replace(accept));
}
