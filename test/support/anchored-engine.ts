import type { Client, WorkflowHandle } from '@temporalio/client';
import { anchoringActivities } from '../../activities/anchoring/index.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import type { Means } from '../../activities/relocation/subject.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { digest } from '../../configuration/digest.ts';
import type { Pace } from '../../configuration/peers.ts';
import type { AnchorRequest } from '../../domain/anchor-request.ts';
import type { Standing } from '../../domain/anchoring.ts';
import { anchorWorkflowId, relocationWorkflowId } from '../../domain/identity.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { anchorOf } from '../../temporal/anchoring.ts';
import { relocationOf } from '../../temporal/relocating.ts';
import { anchorsOver } from '../../worker/anchors.ts';
import type { AnchorMemo } from '../../workflows/messages.ts';
import type { anchorApplication } from '../../workflows/relocation/anchor-application.ts';
import type { relocateApplication } from '../../workflows/relocation/relocate-application.ts';
import type { Dying } from './dying.ts';
import { type Engine, quickPace } from './engine.ts';
import { eventually } from './eventually.ts';
import type { PortWorld } from './world.ts';

export type AnchorHandle = WorkflowHandle<typeof anchorApplication>;
export type RelocationHandle = WorkflowHandle<typeof relocateApplication>;

export interface Beginning {
  readonly client: Client;
  readonly anchor: (request?: Partial<AnchorRequest>, pace?: Partial<Pace>, events?: number) => Promise<AnchorHandle>;
  readonly relocate: (request?: Partial<RelocationRequest>, pace?: Partial<Pace>) => Promise<RelocationHandle>;
}

/** Anchors and relocations over a world, on the real engine; each finds the other by Temporal, as workers do. */
export async function anchoring(
  engine: Engine,
  world: PortWorld,
  scenario: (begin: Beginning) => Promise<void>,
  more: Partial<Means> = {},
  dying?: Dying,
): Promise<void> {
  const { client } = engine.environment;
  const { taskQueue } = engine;
  const anchors = anchorsOver(client, {
    networks: { cellular: network, wifi: network },
    pace: quickPace,
    world: undefined,
    taskQueue,
  });
  const mortal = { catalogue: dying?.catalogue(world) ?? world, anchors: dying?.anchors(anchors) ?? anchors };
  const means = { ...mortal, pace: quickPace, digest, turns: takingTurns(), ...more };
  const activities = { ...relocationActivities(means), ...anchoringActivities(means) };
  const begun: WorkflowHandle[] = [];
  const ours = { taskQueue };
  const begin: Beginning = {
    client,
    anchor: async (some, pace, events) => {
      const request = { application: 'counter', users: '*', source: 'a1', network: 'wifi', ...some };
      const order = { request, pace: { ...quickPace, ...pace }, ...(events !== undefined && { events }) };
      const start = anchorOf(order, anchorWorkflowId(request, digest), ours);
      const { workflowId, firstExecutionRunId } = await client.workflow.start('anchorApplication', start);
      const handle = client.workflow.getHandle<typeof anchorApplication>(workflowId, firstExecutionRunId);
      begun.push(handle);
      return handle;
    },
    relocate: async (some, pace) => {
      const request: RelocationRequest = {
        application: 'counter',
        users: '*',
        source: 'a1',
        target: 'a2',
        cutOver: 'immediately',
        ...some,
      };
      const memo = { request, direction: 'hostToHost' as const, key: '', body: '' };
      const plan = {
        workflowId: relocationWorkflowId(request, digest),
        memo,
        pace: { ...quickPace, ...pace },
        requestId: crypto.randomUUID(),
      };
      const { workflowId, firstExecutionRunId } = await client.workflow.start(
        'relocateApplication',
        relocationOf(plan, ours),
      );
      const handle = client.workflow.getHandle<typeof relocateApplication>(workflowId, firstExecutionRunId);
      begun.push(handle);
      return handle;
    },
  };
  try {
    await engine.beside(dying?.activities(activities) ?? activities, async () => {
      await scenario(begin);
    });
  } finally {
    for (const handle of begun) await handle.terminate().catch(() => undefined); // those that have ended refuse it
  }
}

const network = { vantage: undefined, resolverClampSeconds: 0 };

/** Where it leads, once it holds. */
export async function held(handle: AnchorHandle, limitMs = 20_000): Promise<Standing> {
  let standing: Standing | null = null;
  await eventually(async () => {
    const { memo, status } = await handle.describe();
    if (status.name !== 'RUNNING') throw new Error(`it ended: ${JSON.stringify(await handle.result())}`);
    standing = (memo as unknown as AnchorMemo).standing;
    return standing !== null;
  }, limitMs);
  if (standing === null) throw new Error('it does not hold');
  return standing;
}
