import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { executionInfoFromRaw } from '../../temporal/internals.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { needsPerson, type Waits, waitsForPerson } from '../../domain/waits.ts';
import { CALL_MS } from './reader.ts';
import { type Seen, seenIn } from '../seen.ts';

const { application, source, target, key, outcome, evacuation } = searchAttributes;

/** Conditions of a visibility query. Values are names, digests or words of ours: nothing in them needs escaping. */
const is = ({ name }: { name: string }, value: string): string => `${name} = '${value}'`;
const isAny = ({ name }: { name: string }, values: readonly string[]): string =>
  `${name} IN (${values.map((value) => `'${value}'`).join(', ')})`;
export const RELOCATIONS = "WorkflowType = 'relocateApplication'";
const RUNNING = "ExecutionStatus = 'Running'";

/** By which words of the index (`domain/waits.ts`) those are found that wait. */
const words = {
  running: [],
  waiting: [isAny(outcome, waitsForPerson)],
  held: [isAny(outcome, ['held', 'heldUntil'] satisfies Waits[])],
  paused: [is(outcome, 'paused' satisfies Waits)],
  parked: [is(outcome, 'parked' satisfies Waits)],
};

export interface Filter {
  readonly application?: string | undefined;
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  readonly state?: 'running' | 'waiting' | 'held' | 'paused' | 'parked' | 'ended' | undefined;
  readonly outcome?: string | undefined;
  /** By the API's table nothing in it needs escaping. */
  readonly evacuation?: string | undefined;
}

export function queryFor(filter: Filter): string {
  const conditions: string[] = [];
  if (filter.application !== undefined) conditions.push(is(application, filter.application));
  if (filter.source !== undefined) conditions.push(is(source, filter.source));
  if (filter.target !== undefined) conditions.push(is(target, filter.target));
  if (filter.state === 'ended') conditions.push("ExecutionStatus != 'Running'");
  else if (filter.state !== undefined) conditions.push(RUNNING, ...words[filter.state]);
  if (filter.evacuation !== undefined) conditions.push(is(evacuation, filter.evacuation));
  if (filter.outcome !== undefined) conditions.push(is(outcome, filter.outcome));
  return conditions.join(' AND ');
}

/** Whatever needs a person, of whichever kind. */
export const queryForPerson = (filter: Pick<Filter, 'application' | 'source' | 'target' | 'evacuation'>): string =>
  [RUNNING, isAny(outcome, needsPerson), queryFor(filter)].filter((condition) => condition !== '').join(' AND ');

/** Runs of these subjects with one of these digests of Idempotency-Keys, and the latest ones whatever their key. */
export const queryForKeys = (
  asked: readonly { readonly subject: string; readonly key: string; readonly latest: string }[],
): string => {
  const of = <T>(what: (one: (typeof asked)[number]) => T): T[] => [...new Set(asked.map(what))];
  const keys = `${isAny(
    { name: 'WorkflowId' },
    of(({ subject }) => subject),
  )} AND ${isAny(
    key,
    of((one) => one.key),
  )}`;
  return `(${keys}) OR ${isAny(
    { name: 'RunId' },
    of(({ latest }) => latest),
  )}`;
};

/** A page of relocations, as `indexed`. */
export async function listed(
  temporal: Client,
  query: string,
  pageSize: number,
  token?: Uint8Array,
  see: (info: WorkflowExecutionInfo) => Promise<Seen | undefined> = async (info) => seenIn(info),
): Promise<{ readonly seen: readonly Seen[]; readonly token: Uint8Array }> {
  const of = [RELOCATIONS, ...(query === '' ? [] : [query])].join(' AND ');
  const page = await indexed(temporal, of, pageSize, token);
  const seen = await temporal.withDeadline(
    Date.now() + CALL_MS,
    async () => await Promise.all(page.infos.map(async (info) => await see(info))),
  );
  return { seen: seen.flatMap((one) => one ?? []), token: page.token };
}

/** A page of Temporal's index, which is some time behind. `token`: of the page before; the answer's: of the next. */
export async function indexed(
  temporal: Client,
  query: string,
  pageSize: number,
  token: Uint8Array = new Uint8Array(),
): Promise<{ readonly infos: readonly WorkflowExecutionInfo[]; readonly token: Uint8Array }> {
  const { namespace, loadedDataConverter } = temporal.options;
  return await temporal.withDeadline(Date.now() + CALL_MS, async () => {
    const { executions, nextPageToken } = await temporal.workflowService.listWorkflowExecutions({
      namespace,
      query,
      pageSize,
      nextPageToken: token,
    });
    const infos = await Promise.all(
      executions.map(async (raw) => await executionInfoFromRaw(raw, loadedDataConverter, raw, namespace)),
    );
    return { infos, token: nextPageToken ?? new Uint8Array() };
  });
}
