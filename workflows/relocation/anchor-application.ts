import { CancellationScope, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { AnchorRequest, AnchorResult } from '../../domain/anchor-request.ts';
import type { AnchorOrder } from '../messages.ts';
import { Anchoring } from './anchoring.ts';

/** It may hold for months, so it goes on with the code of today (`patched`). */
setWorkflowOptions(
  () =>
    (workflowInfo().currentDeploymentVersion?.deploymentName ?? '') === ''
      ? {}
      : { versioningBehavior: 'AUTO_UPGRADE' },
  anchorApplication,
);

/**
 * An application stays where it is, and devices of another access network are led to it (GR MEC 035, [5.4.2-6], 5.4.1):
 * by rules there, of an instance that relays. It holds until it is released, which undoes it; whoever moves the source
 * meanwhile takes it along.
 */
export async function anchorApplication({ request, pace }: AnchorOrder): Promise<AnchorResult> {
  const anchoring = new Anchoring(request, pace);
  return await anchoring.procedure.run(anchoring.account, async () => {
    await anchoring.procedure.prepare(async () => await lead(anchoring, request));
    const following = new CancellationScope();
    const followed = following.run(async () => await anchoring.follow()).catch(() => undefined);
    try {
      anchoring.holds();
      await anchoring.procedure.keep();
    } finally {
      following.cancel();
      await CancellationScope.nonCancellable(async () => await followed);
    }
  });
}

async function lead(anchoring: Anchoring, { network }: AnchorRequest): Promise<void> {
  const { procedure, step, undo, brought } = anchoring;
  // 1. Check the source, and choose the way ([5.4.2-6], 5.4.1)
  const order = { ...anchoring.subject, network, site: anchoring.site, own: brought.to };
  const checked = anchoring.chosen(await procedure.step('check', () => step.checkAnchor(order)));
  const { from, there, relayed, site } = checked;
  if (site === null) return;
  const subject = { ...anchoring.subject, target: site };

  // 2. Bring the package to the holder ([5.4.2-2])
  if (checked.way === 'holder') await procedure.step('package', () => step.distributePackage(subject));

  // 3. Have an instance there whose rules lead on, and which relays ([5.4.2-6])
  const start = brought.keeping(() => step.instantiateTarget({ ...subject, from, there }));
  const { to } = await procedure.step('holder', start, {
    removeHolder: () =>
      undo.removeHolder({ ...subject, there, to: brought.to, own: brought.own, calmAt: anchoring.calmAt() }),
  });

  // 4. Expose the services of the network to the source ([5.4.2-6])
  const both = { ...subject, from, to, network, relayed };
  const expose = brought.keeping(() =>
    step.exposeServices({ ...both, made: brought.made, turn: anchoring.turns[0] ?? null }),
  );
  const exposed = await procedure.step('services', expose, {
    hideServices: () => {
      const now = { ...both, ...anchoring.at };
      return undo.hideServices({ ...now, made: brought.made, before: brought.before, calmAt: anchoring.calmAt() });
    },
  });
  const turn = anchoring.exposed(exposed);

  // 5. Lead devices to the source ([5.4.2-6])
  const { observed } = await procedure.step('path', () => step.turnAnchor({ ...both, turn }), {
    turnAnchorBack: async () => await anchoring.turnBack(both),
  });
  anchoring.leads(to, observed);
}
