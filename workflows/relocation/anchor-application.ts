import { CancellationScope, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { AnchorRequest, AnchorResult } from '../../domain/anchor-request.ts';
import { toldByHand } from '../kit/by-hand.ts';
import type { AnchorMemo, AnchorOrder } from '../messages.ts';
import { Anchoring } from './anchoring.ts';
import { undosOf, type Undos } from './anchor-undos.ts';

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
 * meanwhile takes it along. As its history grows it goes on in a new run, by the same names.
 */
export async function anchorApplication(order: AnchorOrder): Promise<AnchorResult> {
  const { application, source, network } = order.request;
  toldByHand({ request: order.request, standing: null } satisfies AnchorMemo, { application, source, target: network });
  const anchoring = new Anchoring(order);
  const { procedure } = anchoring;
  const undos = undosOf(anchoring);
  return await procedure.run(anchoring.account, async () => {
    if (order.held === undefined) {
      await procedure.prepare(async () => await lead(anchoring, undos, order.request));
      anchoring.holds();
    } else if (anchoring.site !== null) procedure.broughtAbout(undos);
    const following = new CancellationScope();
    const followed = following
      .run(async () => await Promise.all([anchoring.follow(), anchoring.watch()]))
      .catch(() => undefined);
    try {
      await procedure.keep(() => anchoring.mayGoOnAnew);
    } finally {
      following.cancel();
      await CancellationScope.nonCancellable(async () => await followed);
    }
    await anchoring.goesOnAnew();
  });
}

async function lead(anchoring: Anchoring, undos: Undos, { network }: AnchorRequest): Promise<void> {
  const { procedure, step, brought } = anchoring;
  const { removeHolder, hideServices, turnAnchorBack } = undos;
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
  const { to } = await procedure.step('holder', start, { removeHolder });

  // 4. Expose the services of the network to the source ([5.4.2-6])
  const both = { ...subject, from, to, network, relayed };
  const expose = brought.keeping(() =>
    step.exposeServices({ ...both, made: brought.made, turn: anchoring.turns[0] ?? null }),
  );
  const turn = anchoring.exposed(await procedure.step('services', expose, { hideServices }));

  // 5. Lead devices to the source ([5.4.2-6])
  const { observed } = await procedure.step('path', () => step.turnAnchor({ ...both, turn }), { turnAnchorBack });
  anchoring.leads(to, observed);
}
