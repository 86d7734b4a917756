import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { busy } from '../support/busy.ts';
import { eventually } from '../support/eventually.ts';
import { expressions, unanswered } from '../support/alerts.ts';
import { claimNetwork, portsOf } from '../support/network.ts';
import { fleet, hold } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** What waits for an operator, with real processes: parked after the hand-over, held before it. */
const { net: NETWORK } = await claimNetwork();
let stage: Stage;
let shown = 0;
beforeAll(async () => {
  [shown] = await portsOf(NETWORK);
  stage = await Stage.set(NETWORK, { pace: { insistMs: 5_000 }, environment: { FERRY_METRICS_PORT: String(shown) } });
});
afterAll(async () => await stage.strike());
afterEach(async () => await stage.clearFaults());

const act = async (id: string, action: string): Promise<number> =>
  (await stage.post(`/v1/relocations/${id}/${action}`)).status;

async function anotherWorker(): Promise<void> {
  await stage.killWorker();
  await stage.startWorker();
}

interface World {
  readonly peers: Readonly<
    Record<
      string,
      {
        readonly instances: readonly { readonly id: string }[];
        readonly radio: readonly { readonly callbackReference: string }[];
      }
    >
  >;
}

describe('a relocation whose source cannot be retired', () => {
  it('is parked, says why and what it waits for, and is retried to its end', async () => {
    const order = {
      peer: 'oss',
      operation: 'POST /tmf-api/serviceOrdering/v4/serviceOrder',
      kind: 'status',
      status: 503,
    };
    await stage.fault(order);
    const { id } = await stage.begin('cloud', 'a1');
    const parked = await stage.reaches(id, ['parked']);
    expect(parked).toMatchObject({ step: 'retire', actions: ['retry', 'abandon'], result: null });
    expect(parked.waitingFor?.what).toContain('operator');
    expect(parked.waitingFor?.lastFailure).toMatch(/PeerUnavailable: oss: POST .*503/);
    expect(await act(id, 'cancel')).toBe(409);
    const list = (await (await stage.ask('/v1/relocations?state=parked')).json()) as { relocations: { id: string }[] };
    expect(list.relocations.map((relocation) => relocation.id)).toStrictEqual([id]);

    await stage.clearFaults();
    expect(await act(id, 'retry')).toBe(200);
    await expect(stage.ends(id)).resolves.toMatchObject({ outcome: 'relocated', leftovers: [] });
    await eventually(async () => (await act(id, 'retry')) === 409); // until it is closed the same answer again, done once
    expect(await act(id, 'abandon')).toBe(409);
  });

  it('may be abandoned: the users are served, and what is left is told', async () => {
    await stage.fault({
      peer: 'meo-cellular',
      operation: 'DELETE /app_lcm/v1/app_instances/*',
      kind: 'status',
      status: 500,
    });
    const { id } = await stage.begin('a1', 'cloud');
    await stage.reaches(id, ['parked']);
    expect(await act(id, 'abandon')).toBe(200);
    await expect(stage.ends(id)).resolves.toMatchObject({
      outcome: 'relocatedSourceKept',
      failure: { type: 'PeerUnavailable', step: 'retire' },
    });
    const plan = await stage.post('/v1/plans', {
      application: 'counter',
      source: 'cloud',
      target: 'a2',
    });
    await expect(plan.json()).resolves.toMatchObject({ possible: true, obstacles: [] });
  });
});

describe('a relocation whose target cannot be taken away again', () => {
  it('may be abandoned on its way back: what is left behind is told, and where', async () => {
    await stage.fault({
      peer: 'meo-wifi',
      operation: 'DELETE /app_lcm/v1/app_instances/*',
      kind: 'status',
      status: 500,
    });
    const { id } = await stage.begin('cloud', 'w1', { cutOver: { approval: true } });
    await stage.reaches(id, ['held']);
    expect(await act(id, 'cancel')).toBe(200);
    await stage.reaches(id, ['parked']);
    expect(await act(id, 'abandon')).toBe(200);
    await expect(stage.ends(id)).resolves.toMatchObject({
      outcome: 'rolledBack',
      leftovers: [{ undo: 'removeTarget' }],
    });
  });
});

describe('what Prometheus reads of the API and of the worker by now', () => {
  const samples = async (url: string): Promise<string[]> =>
    (await (await fetch(`${url}/metrics`)).text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

  it('has every name and label for which alerts and board ask, and of the SDK who polls, and what there is room for', async () => {
    const all = [...(await samples(stage.api)), ...(await samples(`http://127.0.0.1:${shown}`))];
    const missing = expressions.flatMap(([who, expr]) => unanswered(expr, all).map((what) => `${who}: ${what}`));
    expect(missing).toEqual([]);
    expect(all.filter((line) => line.startsWith('temporal_num_pollers{'))).not.toEqual([]);
    expect(unanswered('temporal_worker_task_slots_available{worker_type="ActivityWorker"}', all)).toEqual([]);
    expect(unanswered('ferry_no_such_metric', all)).toEqual(['ferry_no_such_metric']);
  });
});

describe('a held cut-over', () => {
  it('goes on after the approval with what the source gained, though the target was started again meanwhile', async () => {
    await fleet(stage, 3, { giveUpMs: 2_000 });
    await stage.sandbox('/devices/windows', 'POST', { name: 'held' });
    const { id } = await stage.begin('cloud', 'a2', { cutOver: { approval: true } });
    await stage.reaches(id, ['held']);

    const gained = await fetch(`http://127.${NETWORK}.2.11:8080/rni/v2/subscriptions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        subscriptionType: 'CellChangeSubscription',
        callbackReference: `http://127.${NETWORK}.41.1:7000/notifications/rni/99`,
        filterCriteriaAssocHo: { appInstanceId: 'counter-0', hoStatus: [3] },
      }),
    });
    expect(gained.status).toBe(201);
    const { peers } = await stage.sandbox<World>('/state');
    const made = peers['meo-cellular']?.instances.map((instance) => instance.id) ?? [];
    const processes = await stage.sandbox<{ name: string; pid: number }[]>('/processes');
    const pid = processes.find(({ name }) => made.includes(name))?.pid;
    if (pid === undefined) throw new Error('the target has no process');
    process.kill(pid, 'SIGKILL');
    await eventually(
      async () => !(await stage.sandbox<{ pid: number }[]>('/processes')).some((one) => one.pid === pid),
    );

    // The worker dies while it is held, and once more when that has been approved
    await stage.killWorker();
    expect(await act(id, 'approve')).toBe(503);
    await stage.startWorker();
    expect(await act(id, 'approve')).toBe(200);
    await anotherWorker();
    await expect(stage.ends(id)).resolves.toMatchObject({
      outcome: 'relocated',
      moved: { subscriptions: 4 },
      leftovers: [],
    });
    const after = await stage.sandbox<World>('/state');
    expect(after.peers['platform-a2']?.radio).toHaveLength(4);
    expect(after.peers['platform-a1']?.radio).toHaveLength(0);
    const { total } = await stage.sandbox<{ total: object }>('/devices/windows/held', 'DELETE');
    expect(total).toMatchObject({ lost: 0, stale: 0, doubled: 0 });
  });

  it('begins by itself at its time, also where that passes while there is no worker', async () => {
    const at = new Date(Date.now() + 5_000 * busy()).toISOString(); // by then it is held
    const { id } = await stage.begin('a2', 'cloud', { cutOver: { at } });
    const held = await stage.reaches(id, ['held']);
    expect(held.waitingFor).toMatchObject({ until: at });
    await stage.killWorker();
    await eventually(() => Date.now() > Date.parse(at), 30_000);
    await stage.startWorker();
    await expect(stage.ends(id)).resolves.toMatchObject({ outcome: 'relocated' });
  });

  it('is undone where its worker dies as soon as it was cancelled', async () => {
    const { id } = await stage.begin('cloud', 'a1', { cutOver: { approval: true } });
    await stage.reaches(id, ['held']);
    expect(await act(id, 'cancel')).toBe(200);
    await anotherWorker();
    await expect(stage.ends(id)).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
  });
});

describe('a pause', () => {
  it('holds a relocation between its steps until it is resumed', async () => {
    const slow = { peer: 'platform-a1', operation: 'POST /rni/v2/subscriptions' };
    const call = await hold(stage, { ...slow, when: 'before' });
    const { id } = await stage.begin('cloud', 'a1');
    await call.held();
    expect(await act(id, 'pause')).toBe(200);
    await call.release();
    const paused = await stage.reaches(id, ['paused']);
    expect(paused.actions).toStrictEqual(['resume', 'cancel', 'recover']);
    expect(await act(id, 'resume')).toBe(200);
    await expect(stage.ends(id)).resolves.toMatchObject({ outcome: 'relocated' });
  });
});
