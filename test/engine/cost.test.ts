import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { Engine } from '../support/engine.ts';
import { OwnWorld } from '../support/own-world.ts';
import { PortWorld } from '../support/world.ts';
import { temporalCli } from '../../servers/obtain.ts';

/** What a relocation costs (design: nine activities, one timer, one upsert). One more event is a decision, written down. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

/** Temporal actions, from the history: start, activities, timers, upserts, updates, signals. */
const ACTIONS = new Set([
  'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED',
  'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED',
  'EVENT_TYPE_TIMER_STARTED',
  'EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
  'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED',
  'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED',
]);

async function costOf(
  world: PortWorld,
  request: Partial<RelocationRequest> = {},
): Promise<{ events: number; actions: number; retries: number }> {
  let cost = { events: 0, actions: 0, retries: 0 };
  await engine.over(world, async (start) => {
    const handle = await start(request);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
    const { events = [] } = await handle.fetchHistory();
    cost = {
      events: (events?.length ?? 0) - (events ?? []).reduce((sum, event) => sum + late(event), 0),
      actions: (events ?? []).filter(({ eventType }) => ACTIONS.has(String(typeOf(eventType)))).length,
      retries: (events ?? []).filter((event) => (event.activityTaskStartedEventAttributes?.attempt ?? 1) > 1).length,
    };
  });
  return cost;
}

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** A workflow task to which a busy machine does not come in time is scheduled again: these events are no relocation's. */
function late({ workflowTaskTimedOutEventAttributes: timedOut }: Event): number {
  if (!timedOut) return 0;
  return Number(timedOut.startedEventId ?? 0) === 0 ? 2 : 3; // scheduled, perhaps started, timed out
}

const names = Object.entries({
  EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: 1,
  EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: 10,
  EVENT_TYPE_TIMER_STARTED: 17,
  EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: 26,
  EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: 40,
  EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: 41,
});
const typeOf = (type: unknown): unknown => names.find(([, number]) => number === type)?.[0] ?? type;

describe('a relocation', () => {
  it('with 3 subscriptions costs exactly 65 events and 12 actions', async () => {
    await expect(costOf(new PortWorld(3))).resolves.toStrictEqual({ events: 65, actions: 12, retries: 0 });
  });

  it('costs the same with 50 subscriptions', async () => {
    await expect(costOf(new PortWorld(50))).resolves.toStrictEqual({ events: 65, actions: 12, retries: 0 });
  });

  it('costs the same with 100 polls of the operation', async () => {
    const world = new PortWorld(3);
    world.polls = 100;
    await expect(costOf(world)).resolves.toStrictEqual({ events: 65, actions: 12, retries: 0 });
  });

  /** Nobody is asked whether clients still come: eight activities instead of nine. */
  it('of an application that moves its context itself costs 59 events and 11 actions', async () => {
    await expect(costOf(new OwnWorld(3), { accept: 'applicationOwn' })).resolves.toStrictEqual(ownCost);
  });

  it('of an application that is stopped first costs the same', async () => {
    const world = Object.assign(new OwnWorld(3), { transfer: undefined, devices: null, heard: [] });
    await expect(costOf(world, { accept: 'none' })).resolves.toStrictEqual(ownCost);
  });
});

const ownCost = { events: 59, actions: 11, retries: 0 };
