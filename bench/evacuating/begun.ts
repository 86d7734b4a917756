import type { Client } from '@temporalio/client';
import type { EvacuationResult } from '../../domain/evacuation.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import type { RelocationMemo } from '../../workflows/messages.ts';
import { setTimeout as pause } from 'node:timers/promises';

/** The relocations of an evacuation, as Temporal's index has them. */
export interface Begun {
  readonly relocations: number;
  /** Applications that were relocated. */
  readonly relocated: number;
  /** Applications that were relocated more often than once. */
  readonly twice: number;
  /** So many went on at the same time at most; what failed and was only being undone is not counted. */
  readonly atOnce: number;
}

const BEHIND_MS = 60_000;

/** The index is behind: it is asked until it has them all. */
export async function begunBy(client: Client, evacuation: string, { counts }: EvacuationResult): Promise<Begun> {
  const limit = performance.now() + BEHIND_MS;
  for (;;) {
    const seen = await listed(client, evacuation);
    if ((seen.relocated >= counts.moved && seen.open === 0) || performance.now() > limit) return seen;
    await pause(500);
  }
}

async function listed(client: Client, evacuation: string): Promise<Begun & { readonly open: number }> {
  const query = `WorkflowType = 'relocateApplication' AND ${searchAttributes.evacuation.name} = '${evacuation}'`;
  const times = new Map<string, number>();
  const changes: (readonly [at: number, by: 1 | -1])[] = [];
  let [relocations, open] = [0, 0];
  for await (const { memo, startTime, closeTime, typedSearchAttributes } of client.workflow.list({ query })) {
    const { application } = (memo as unknown as RelocationMemo).request;
    relocations += 1;
    if (closeTime === undefined) open += 1;
    const outcome = typedSearchAttributes.get(searchAttributes.outcome);
    if (outcome !== 'rolledBack')
      changes.push([startTime.getTime(), 1], [closeTime?.getTime() ?? Number.POSITIVE_INFINITY, -1]);
    if (outcome === 'relocated') times.set(application, (times.get(application) ?? 0) + 1);
  }
  const twice = [...times.values()].filter((many) => many > 1).length;
  return { relocations, relocated: times.size, twice, open, atOnce: mostOf(changes) };
}

/** One that ends as another begins has made room for it. */
function mostOf(changes: readonly (readonly [at: number, by: number])[]): number {
  let [now, most] = [0, 0];
  for (const [, by] of changes.toSorted(([a, one], [b, other]) => a - b || one - other)) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
