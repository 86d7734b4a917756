import { randomUUID } from 'node:crypto';
import { InterceptingCall, type Interceptor, Metadata, status } from '@grpc/grpc-js';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Federating } from '../../api/federated.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { Served } from '../support/api.ts';
import { quickPace } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';
import { engine, order, PATH, starting as started, servedByTheEngine } from '../support/served-engine.ts';

servedByTheEngine();

/** How often each method of Temporal was called, and how many of the next calls are refused as too many. */
const calls = new Map<string, number>();
const limits = new Map<string, number>();
/** How many starts are under way, and were at most; `together`: none of them ends before so many are. */
const starts = { now: 0, most: 0, together: 0 };
/** What is told of those that have to wait for the others. */
const waiting: (() => void)[] = [];
const goOn = (): void => {
  if (starts.now < starts.together) return;
  starts.together = 0;
  for (const told of waiting.splice(0)) told();
};
const counting: Interceptor = (options, next) => {
  const method = options.method_definition.path.split('/').at(-1) ?? '';
  calls.set(method, (calls.get(method) ?? 0) + 1);
  const left = limits.get(method) ?? 0;
  limits.set(method, left - 1);
  if (left <= 0 && method !== 'StartWorkflowExecution') return new InterceptingCall(next(options));
  if (left <= 0)
    return new InterceptingCall(next(options), {
      start: (metadata, _listener, start) => {
        starts.now += 1;
        starts.most = Math.max(starts.most, starts.now);
        start(metadata, {
          onReceiveStatus: (ended, proceed) => {
            waiting.push(() => {
              starts.now -= 1;
              proceed(ended);
            });
            goOn();
          },
        });
        goOn();
      },
    });
  return new InterceptingCall(next(options), {
    start: (_, listener) => {
      listener.onReceiveMetadata(new Metadata());
      listener.onReceiveMessage(null);
      const details = 'namespace rate limit exceeded';
      listener.onReceiveStatus({ code: status.RESOURCE_EXHAUSTED, details, metadata: new Metadata() });
    },
    sendMessage: () => undefined,
    halfClose: () => undefined,
  });
};
const visibility = (): number =>
  ['ListWorkflowExecutions', 'CountWorkflowExecutions', 'ScanWorkflowExecutions'].reduce(
    (sum, method) => sum + (calls.get(method) ?? 0),
    0,
  );

/** Each storm has its own, who were not moved before: of those the index is asked. */
const storms = Array.from({ length: 2 }, (_, s) => Array.from({ length: 200 }, (__, n) => `ue-${s * 200 + n + 1}`));
const users = Object.fromEntries(storms.flat().map((user) => [user, { address: '10.9.9.9' }]));
let connection: Connection;
let temporal: Client;
let api: Served;
beforeEach(async () => {
  connection = await Connection.connect({ address: engine.environment.address, interceptors: [counting] });
  temporal = new Client({ connection, namespace: engine.environment.client.options.namespace });
  api = await Served.start({ temporal, taskQueue: `nobody-${randomUUID()}`, pace: quickPace, users });
  calls.clear();
  limits.clear();
});
afterEach(async () => {
  await api.stop();
  // The index may not know yet of what has just begun, which would stand in the way of the next test
  await Promise.all(begun.splice(0).map(end));
  await connection.close();
});

const begun: string[] = [];
const starting: typeof started = async (...asked) => {
  const answer = await started(...asked);
  if (answer.status === 202) begun.push(answer.body.id);
  return answer;
};

async function end(id: string): Promise<void> {
  const { workflowId = '', runId } = parseRelocationId(id) ?? {};
  const run = engine.environment.client.workflow.getHandle(workflowId, runId);
  await run.terminate('the next test begins').catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error; // it has ended
  });
}

/** 200 starts at once, of as many users of one instance. */
const storm = async (key: (n: number) => string | undefined) =>
  await Promise.all(
    (storms.shift() ?? []).map(
      async (user, n) => await starting(api, { users: user, cutOver: { approval: true } }, key(n)),
    ),
  );

/** Every call of Temporal that these have made. */
async function callsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  calls.clear();
  await work();
  return Object.fromEntries(calls);
}

/** A relocation of before, which has ended, as the index knows. */
async function movedBefore(body: object, key?: string): Promise<{ id: string }> {
  const { body: one } = await starting(api, body, key);
  const { workflow } = engine.environment.client;
  const { workflowId = '', runId } = parseRelocationId(one.id) ?? {};
  await workflow.getHandle(workflowId, runId).terminate('it is one of before');
  await eventually(
    async () => (await workflow.count(`RunId = '${runId}' AND ExecutionStatus != 'Running'`)).count === 1,
  );
  return one;
}

describe('a start asks Temporal', () => {
  const [LOOK, ASK, START] = ['DescribeWorkflowExecution', 'ListWorkflowExecutions', 'StartWorkflowExecution'];

  it('of all users: whether the relocation out of the target runs, and for the start', async () => {
    const made = await callsOf(async () => expect((await starting(api)).status).toBe(202));
    expect(made).toEqual({ [LOOK]: 1, [START]: 1 });
  });

  it('the same where there is a federation, and no database for it', async () => {
    const asked: string[] = [];
    const catalogue = new Proxy({} as Federating['catalogue'], { get: (_, member) => void asked.push(String(member)) });
    const access: Federating['access'] = {
      admit: () => (_req, _res, next) => next(),
      callerOf: () => ({ issuer: '', client: '', scopes: [] }),
    };
    const federated = await Served.start({
      temporal,
      taskQueue: `nobody-${randomUUID()}`,
      pace: quickPace,
      users,
      federation: federationOfTest({ partners: { b: partnerOfTest('b') } }),
      federating: { catalogue, access, changed: () => undefined },
    });
    const made = await callsOf(async () => expect((await starting(federated)).status).toBe(202));
    await federated.stop();
    expect([made, asked]).toEqual([{ [LOOK]: 1, [START]: 1 }, []]);
  });

  it('with a key: the same', async () => {
    const fresh = { source: 'w1', target: 'a2' };
    const made = await callsOf(async () => expect((await starting(api, fresh, randomUUID())).status).toBe(202));
    expect(made).toEqual({ [LOOK]: 1, [START]: 1 });
  });

  it('with a key, of users that were moved from there before: for the last time, and of the index, once', async () => {
    await movedBefore({});
    const made = await callsOf(async () => expect((await starting(api, {}, randomUUID())).status).toBe(202));
    expect(made).toEqual({ [LOOK]: 2, [ASK]: 1, [START]: 2 });
  });

  it('with the key of the last time, at another process: for that, and nothing of the index', async () => {
    const [key, other] = [randomUUID(), await Served.start({ temporal, taskQueue: 'nobody', pace: quickPace })];
    const body = { source: 'a2', target: 'cloud' };
    const first = await movedBefore(body, key);
    const made = await callsOf(async () => expect((await starting(other, body, key)).body.id).toBe(first.id));
    expect(made).toEqual({ [LOOK]: 2, [START]: 1 });
    await other.stop();
  });

  it('of one user: for those of all users too', async () => {
    const made = await callsOf(async () => expect((await starting(api, { users: 'ue-1' })).status).toBe(202));
    expect(made).toEqual({ [LOOK]: 3, [START]: 1 });
  });

  it('once more with the same key: how it is now, and nothing else', async () => {
    const key = randomUUID();
    const first = await starting(api, {}, key);
    const made = await callsOf(async () => expect((await starting(api, {}, key)).body.id).toBe(first.body.id));
    expect(made).toEqual({ [LOOK]: 1 });
  });

  it('and what it answers of a new one is what is read of it then, but for what is under way', async () => {
    const { body } = await starting(api, {}, randomUUID());
    const read = (await api.get<typeof body>(body.links.self)).body;
    expect({ ...read, waitingFor: null, startedAt: body.startedAt, since: body.startedAt }).toEqual(body);
    expect(Math.abs(Date.parse(read.startedAt) - Date.parse(body.startedAt))).toBeLessThan(1_000);
  });
});

describe('two hundred starts at once', () => {
  it('are two hundred relocations, ask nothing of the index, and wait for each other here, where no limit of a call runs', async () => {
    Object.assign(starts, { most: 0, together: 32 });
    const answers = await storm(() => undefined);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(200);
    expect(visibility()).toBe(0);
    expect(starts.most).toBe(32);
  });

  it('with keys are as many, and ask nothing of the index either', async () => {
    const run = randomUUID();
    const answers = await storm((n) => `${run}-${n}`);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(200);
    expect(visibility()).toBe(0);
  });
});

describe('a limit of Temporal', () => {
  it('that is met for a while is waited for, of its index and of its starts', async () => {
    await movedBefore({ users: 'ue-1' });
    calls.clear();
    limits.set('ListWorkflowExecutions', 2).set('StartWorkflowExecution', 2).set('DescribeWorkflowExecution', 2);
    const { status: answered, body } = await starting(api, { users: 'ue-1' }, randomUUID());
    expect(answered).toBe(202);
    expect(body).toMatchObject({ request: { users: 'ue-1' } });
    expect(calls.get('StartWorkflowExecution')).toBe(2 + 2);
  });

  it('that stays is told with Retry-After, and nothing was started', async () => {
    const before = await movedBefore({});
    limits.set('ListWorkflowExecutions', 1_000);
    const { status: answered, headers, body } = await api.post(PATH, order, { 'idempotency-key': randomUUID() });
    expect([answered, headers.get('retry-after')]).toEqual([503, '5']);
    expect(body.detail).toMatch(/limit/);
    const { workflowId = '', runId } = parseRelocationId(before.id) ?? {};
    expect((await engine.environment.client.workflow.getHandle(workflowId).describe()).runId).toBe(runId);
  });

  it('is told so by what does not wait for it', async () => {
    limits.set('ListWorkflowExecutions', 1_000);
    const { status: answered, headers, body } = await api.get(PATH);
    expect([answered, headers.get('retry-after')]).toEqual([503, '5']);
    expect(body.detail).toMatch(/limit/);
  });

  it('starts one run for a request that had to ask twice', async () => {
    limits.set('StartWorkflowExecution', 1);
    const first = (await starting(api, { users: 'ue-2' })).body;
    expect((await api.get(first.links.self)).status).toBe(200);
  });
});
