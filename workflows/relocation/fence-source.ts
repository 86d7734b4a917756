import {
  ActivityFailure,
  CancellationScope,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { FencingResult, FencingStatus } from '../../domain/fencing.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { foreseen, type Reason } from '../kit/failure.ts';
import { fencingStatus, scrap, type FencingOrder } from '../messages.ts';
import { stepsAt } from '../steps.ts';

/** It may wait for weeks, so it goes on with the code of today (`patched`). */
setWorkflowOptions(
  () =>
    (workflowInfo().currentDeploymentVersion?.deploymentName ?? '') === ''
      ? {}
      : { versioningBehavior: 'AUTO_UPGRADE' },
  fenceSource,
);

/**
 * A source was taken to be dead, and nobody could stop it: it is waited for, however long. When it comes back it gives way
 * to whoever serves its users then; what it had accepted and nobody else has is counted; and it is retired. An operator
 * who knows that it is gone for good ends that (`scrap`).
 */
export async function fenceSource({ both, epoch, writes, pace }: FencingOrder): Promise<FencingResult> {
  const waiting = new CancellationScope();
  let status: FencingStatus = { state: 'waiting', since: now(), result: null };
  const enter = (state: FencingStatus['state'], result: FencingResult | null = null): void => {
    status = { state, since: now(), result };
    setCurrentDetails(details(both, status));
  };
  const ended = (result: FencingResult): FencingResult => {
    enter('ended', result);
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: result.outcome }]);
    return result;
  };
  setHandler(fencingStatus, () => status);
  setHandler(scrap, () => {
    waiting.cancel();
    return status;
  });
  enter('waiting');
  const step = stepsAt(pace);

  // The source is waited for: no event, however long (GR MEC 035, 5.3.1)
  const returned = await waiting
    .run(async () => await step.fenceReturned({ ...both, epoch, writes }))
    .catch((error: unknown) => {
      if (isCancellation(error) || waiting.consideredCancelled) return null;
      throw error;
    });
  if (returned === null) return ended({ outcome: 'scrapped', stranded: null, kept: null });
  if (returned.how === 'gone') {
    const { left: [left] = [] } = returned;
    return ended({ outcome: 'gone', stranded: null, kept: null, ...(left !== undefined && { left }) });
  }

  if (patched('who-came-back-needs-nobody')) upsertSearchAttributes([{ key: searchAttributes.outcome, value: null }]);

  // It relays now: drained and retired as any source (5.3.1, [5.3.2-4])
  enter('retiring');
  const kept = await retired(async () => {
    await step.confirmQuiet(both);
    await step.retireSource(both);
  });
  return ended({ outcome: 'fenced', stranded: returned.stranded, kept });
}

const now = (): string => new Date().toISOString();

/** Why it stays, as a relay that harms nobody; null: it is gone. */
async function retired(work: () => Promise<void>): Promise<Reason | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return foreseen(error);
  }
}

function details({ application, source, from }: FencingOrder['both'], { state, since, result }: FencingStatus): string {
  const whom = `instance ${from} of **${application}** at **${source}**`;
  if (result === null)
    return state === 'waiting'
      ? `**Waits** for ${whom}, which was taken to be dead and was not stopped, since ${since}. When it comes back it is fenced. \`ferry scrap\` when it is gone for good.`
      : `**Fenced**: ${whom} has come back and gives its clients away, since ${since}.`;
  const stranded =
    result.stranded === null ? 'nobody can tell what it had accepted' : `stranded writes: ${result.stranded}`;
  const stays = result.kept === null ? '' : ` It stays as a relay. ${result.kept.type}: ${result.kept.message}.`;
  return `Ended: **${result.outcome}**, ${whom}; ${stranded}.${stays}`;
}
