import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRelocationId } from '../../domain/identity.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import { claimNetwork } from '../support/network.ts';
import { type Logged, Stage } from '../support/stage.ts';

/** What others have at our peers costs no calls, and no history: a relocation is as long as it is. */
const { net: NETWORK } = await claimNetwork();
const OTHERS = 1_000;
/** Entries that are asked for at once. */
const PAGE = 100;
const ROUTE = ['cloud', 'a1', 'a2', 'w1', 'cloud'] as const;

interface Leg {
  readonly way: string;
  readonly calls: Readonly<Record<string, number>>;
  /** Calls for a list's second page and for those behind it. */
  readonly pages: readonly string[];
  readonly reads: readonly string[];
  readonly events: readonly string[];
  readonly inputs: number;
}

let stage: Stage;
let alone: readonly Leg[];
let amongOthers: readonly Leg[];

beforeAll(async () => {
  // Whatever takes a while is asked for once or twice, however busy the machine is
  stage = await Stage.set(NETWORK, { pace: { pollMs: 1_500 } });
  await travelled(); // packages are distributed, what a worker learns once is learnt
  alone = await travelled();
  for (const peer of ['meo-cellular', 'meo-wifi'])
    await others(peer, { instances: OTHERS, operations: OTHERS, packages: OTHERS, subscriptions: OTHERS });
  for (const peer of ['platform-a1', 'platform-a2', 'platform-w1']) await others(peer, { subscriptions: OTHERS });
  await others('oss', { orders: OTHERS });
  amongOthers = await travelled();
}, 400_000);
afterAll(async () => await stage.strike());

const others = async (peer: string, counts: object): Promise<void> =>
  void (await stage.sandbox('/foreign', 'POST', { peer, ...counts }));

async function travelled(): Promise<Leg[]> {
  const legs: Leg[] = [];
  for (const [at, target] of ROUTE.slice(1).entries()) legs.push(await leg(ROUTE[at] ?? target, target));
  return legs;
}

async function leg(source: string, target: string): Promise<Leg> {
  const since = await stage.logEnd();
  const { id } = await stage.begin(source, target);
  const result = await stage.ends(id);
  if (result.outcome !== 'relocated') throw new Error(JSON.stringify(result));
  const log = (await stage.sandbox<Logged[]>(`/log?since=${since}`)).filter(({ path }) => !OF_THE_WORLD.test(path));
  const ofOthers = log.filter(({ path }) => path.includes('/foreign-'));
  const calls: Record<string, number> = {};
  for (const call of log.filter((one) => !ofOthers.includes(one) && !LATER_PAGE.test(one.path))) {
    const operation = operationOf(call);
    calls[operation] = (calls[operation] ?? 0) + 1;
  }
  const pages = log.filter(({ path }) => LATER_PAGE.test(path)).map(operationOf);
  const reads = ofOthers.map(({ peer, method, path }) => `${peer} ${method} ${path}`);
  return { way: `${source} to ${target}`, calls, pages, reads, ...(await historyOf(id)) };
}

const LATER_PAGE = /[?&](offset=[1-9]|nextpage_opaque_marker=)/;

/** What instances do at their platform by themselves. */
const OF_THE_WORLD = /confirm_ready$|confirm_termination$|app_mobility_services/;

const operationOf = ({ peer, method, path }: Logged): string =>
  `${peer} ${method} ${path
    .replace(/\?.*$/, '')
    .split('/')
    .map((segment) => (/\d/.test(segment) && !/^v\d+$/.test(segment) ? '{id}' : segment))
    .join('/')}`;

async function historyOf(id: string): Promise<{ events: string[]; inputs: number }> {
  const run = parseRelocationId(id);
  const connection = await Connection.connect({ address: stage.temporal });
  const history = await new Client({ connection, namespace: stage.namespace }).workflow
    .getHandle(run?.workflowId ?? '', run?.runId)
    .fetchHistory();
  await connection.close();
  const { events: all } = JSON.parse(historyToJSON(history)) as { events: { eventType: string }[] };
  // A busy machine may be late with a task, which is given out once more then
  const late = (at: number): boolean => /WORKFLOW_TASK_TIMED_OUT/.test(all[at]?.eventType ?? '');
  const events = all.filter((_, at) => !late(at) && !late(at - 1));
  const scheduled = events.filter(({ eventType }) => /ACTIVITY_TASK_SCHEDULED/.test(eventType));
  const inputs = scheduled.reduce((sum, event) => sum + JSON.stringify(inputOf(event)).length, 0);
  return { events: events.map(({ eventType }) => eventType), inputs };
}

const inputOf = (event: object): unknown =>
  (event as { activityTaskScheduledEventAttributes?: { input?: unknown } }).activityTaskScheduledEventAttributes
    ?.input ?? null;

const pairs = (): (readonly [string, Leg, Leg])[] =>
  alone.map((before, n) => [before.way, before, amongOthers[n] as Leg] as const);

/** Of these one looks as often as the peer needs to be done. */
const POLLED = /GET .*(app_instances|app_lcm_op_occs\/\{id\}|serviceOrder\/\{id\}|cloud\/v1\/instances)(\/\{id\})?$/;
const A_FEW = 15;

const certain = (calls: Leg['calls']): Record<string, number> =>
  Object.fromEntries(Object.entries(calls).filter(([operation]) => !POLLED.test(operation)));

describe('with a thousand entries of others in every list', () => {
  it('each operation is called as often as with none, but for the pages of a list', () => {
    for (const [way, before, after] of pairs())
      expect({ way, calls: certain(after.calls) }).toEqual({ way, calls: certain(before.calls) });
  });

  it('nothing is looked at oftener for them while a peer works', () => {
    const oftener = pairs().flatMap(([way, before, after]) =>
      Object.entries(after.calls).flatMap(([operation, times]) =>
        times - (before.calls[operation] ?? 0) < A_FEW ? [] : [`${way}: ${operation}`],
      ),
    );
    expect(oftener).toEqual([]);
  });

  it('only their subscriptions are read, each once at its platform', () => {
    const reads = amongOthers.flatMap((each) => each.reads);
    expect(
      reads.filter((read) => !/^platform-\w+ GET .*\/subscriptions\/foreign-subscriptions-\d+$/.test(read)),
    ).toEqual([]);
    expect(new Set(reads).size).toBe(reads.length);
    expect(reads.length).toBeGreaterThan(OTHERS); // they were there
  });

  it('only the list of orders has more pages, and no more than its length makes', () => {
    const most = OTHERS / PAGE + A_FEW;
    for (const [, before, after] of pairs()) {
      expect(after.pages.length - before.pages.length).toBeLessThan(most);
      expect(after.pages.filter((page) => !page.startsWith('oss GET '))).toEqual([]);
    }
    expect(amongOthers.flatMap(({ pages }) => pages).length).toBeGreaterThan(
      alone.flatMap(({ pages }) => pages).length, // they were there
    );
  });

  it('the history has the same events, and inputs of the same size', () => {
    for (const [way, { events, inputs }, after] of pairs())
      expect({ way, events: after.events, inputs: after.inputs }).toEqual({ way, events, inputs });
  });
});
