import {
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { foreseen } from '../kit/failure.ts';
import { federationStanding, type FederationOrder, poke } from '../messages.ts';
import { Standing } from './standing.ts';
import { joining, leaving, tendPartner } from './steps.ts';

/** Of one run: then it is continued in a new one, so that no history grows for ever. */
const ROUNDS = 200;
const EVENTS = 2_000;

/** Until the first look has told how patient we are. */
const UNTOLD = { aliveMs: 60_000, insistMs: 3_600_000 };

/** It lives for as long as the federation does, so it goes on with the code of today (`patched`). */
setWorkflowOptions(
  () =>
    (workflowInfo().currentDeploymentVersion?.deploymentName ?? '') === ''
      ? {}
      : { versioningBehavior: 'AUTO_UPGRADE' },
  joinFederation,
);

/**
 * Joins another operator's federator and tends the federation (GR MEC 035, 5.1.2 level 1, 6.5.2 step 5): looks, asks,
 * converges, waits. A poke only makes it look sooner: nothing that anybody says to it is believed without asking.
 */
export async function joinFederation({ partner }: FederationOrder): Promise<void> {
  const standing = new Standing(partner);
  let poked = false;
  let pace = UNTOLD;
  setHandler(poke, () => {
    poked = true;
  });
  setHandler(federationStanding, () => standing.told);

  for (let rounds = 1; ; rounds += 1) {
    try {
      standing.doing('looking');
      const tended = await tendPartner({ partner });
      standing.tended(tended);
      pace = tended.pace;
      // Whoever has poked since it looked may have willed otherwise since
      if (tended.next === 'over' && !(poked && patched('over-is-looked-at-again'))) return;
      if (tended.next === 'leave') {
        standing.doing('leaving');
        await leaving(pace.insistMs).leavePartner({ partner });
        poked = true; // what is left to be done is seen at once
      }
      if (tended.next === 'join') {
        standing.doing('joining');
        // 1. Who we are: a token of their authorization server (5.1.2 level 1, security)
        await joining.authenticatePartner({ partner });

        // 2. Ask for an agreement: identities, networks (6.5.2 step 5)
        await joining.requestFederation({ partner });

        // 3. Accept the zones that are offered (6.5.2 step 5)
        await joining.acceptZones({ partner });

        // 4. The relation, and the partner's systems (5.1.2 level 1, 6.3.2)
        await joining.exchangeSystems({ partner });
        standing.joined();
      }
      if (tended.next === 'zones') {
        standing.doing('joining');
        // 3. once more: it offers others than it did
        await joining.acceptZones({ partner });
      }
    } catch (error) {
      standing.failed(foreseen(error)); // kept as the agreement's problem; the next round looks anew
    }
    if (rounds >= ROUNDS || workflowInfo().historyLength > EVENTS) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof joinFederation>({ partner });
    }
    standing.doing('waiting');
    await condition(() => poked, pace.aliveMs);
    poked = false;
  }
}
