import type { WorkflowHandle } from '@temporalio/client';

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

export interface Cost {
  readonly events: number;
  readonly actions: number;
  /** Attempts after the first, of all activities: each is an action, and no event. */
  readonly retries: number;
}

/** What Temporal counts as an action, by the attributes that its event has. */
const ACTIONS = [
  'workflowExecutionStartedEventAttributes',
  'activityTaskScheduledEventAttributes',
  'timerStartedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'upsertWorkflowSearchAttributesEventAttributes',
  'workflowExecutionUpdateAcceptedEventAttributes',
] as const satisfies readonly (keyof Event)[];

/** A workflow task to which a busy machine does not come in time is scheduled again: these events are no run's own. */
function late({ workflowTaskTimedOutEventAttributes: timedOut }: Event): number {
  if (!timedOut) return 0;
  return Number(timedOut.startedEventId ?? 0) === 0 ? 2 : 3; // scheduled, perhaps started, timed out
}

/** What one run cost, as its history tells it; `retries` apart. */
export function costIn(events: readonly Event[]): Cost {
  return {
    events: events.length - events.reduce((sum, event) => sum + late(event), 0),
    actions: events.filter((event) => ACTIONS.some((attributes) => event[attributes] != null)).length,
    retries: events.reduce(
      (sum, { activityTaskStartedEventAttributes: started }) => sum + Math.max(0, (started?.attempt ?? 1) - 1),
      0,
    ),
  };
}

export async function costOf(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<Cost> {
  return costIn((await handle.fetchHistory()).events ?? []);
}

/** What the server keeps of a run: states that it has written, and bytes of its history. */
export async function keptOf(
  handle: Pick<WorkflowHandle, 'describe'>,
): Promise<{ readonly persists: number; readonly bytes: number }> {
  const { raw, historySize = 0 } = await handle.describe();
  return { persists: Number(raw.workflowExecutionInfo?.stateTransitionCount ?? 0), bytes: historySize };
}
