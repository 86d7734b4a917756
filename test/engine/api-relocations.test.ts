import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ApplicationList, ApplicationSeen, PeerList, SiteList, Problem } from '../../api/resources.ts';
import { costOf } from '../../bench/counts.ts';
import { digest } from '../../configuration/digest.ts';
import { Reader } from '../../api/northbound/reader.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import type { PlacementList } from '../../domain/placement.ts';
import type { Plan } from '../../domain/relocation.ts';
import { Served } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import {
  alone,
  command,
  gate,
  order,
  over,
  PATH,
  reached,
  RUNNING,
  show,
  starting,
  temporal,
  servedByTheEngine,
} from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';
import { busy } from '../support/busy.ts';

servedByTheEngine();

describe('a relocation', () => {
  it('is started with 202 and a Location, and shown from its first step to its result', async () => {
    const held = gate();
    await over(new PortWorld().on('a1.packages.distribute', held.wait), async (api) => {
      const { status, headers, body } = await starting(api);
      expect(status).toBe(202);
      expect(headers.get('location')).toBe(`${PATH}/${body.id}`);
      expect(body).toMatchObject({
        request: { ...order, users: '*', cutOver: 'immediately' },
        direction: 'cloudToMec',
        state: 'working',
        endedAt: null,
        outcome: null,
        result: null,
      });
      await held.arrived;
      const now = await show(api, body);
      expect(now).toMatchObject({ state: 'working', step: 'package', actions: ['pause', 'cancel'] });
      expect(now.waitingFor).toMatchObject({ attempt: 1, lastFailure: null, since: expect.any(String) as string });
      expect(Date.parse(now.waitingFor?.until ?? '')).toBeGreaterThan(Date.now());
      held.open();
      const ended = await reached(api, body, 'ended');
      expect(ended).toMatchObject({ step: 'retire', outcome: 'relocated', actions: [], waitingFor: null });
      expect(ended.result).toMatchObject({ outcome: 'relocated', failure: null, leftovers: [] });
      expect(Date.parse(ended.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(ended.startedAt));
      const reader = new Reader(temporal, undefined);
      const seen = await reader.look(body.id);
      const told = await reader.ask({ ...seen, ended: undefined });
      const handed = await reader.show({ ...seen, ended: undefined, endedAt: null }, told);
      expect(handed, 'shown by whoever had seen it run').toMatchObject({ endedAt: seen.endedAt, since: seen.endedAt });
      const { workflowId, runId } = parseRelocationId(body.id) ?? { workflowId: '', runId: '' };
      expect(ended.links.temporal).toBe(
        `http://ui.example/namespaces/${temporal.options.namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`,
      );
      // The index is some time behind
      const contract = async () => (await api.get<ApplicationSeen>('/v1/applications/counter')).body.contract;
      const handedOver = {
        what: 'handsOver',
        at: ended.endedAt,
        relocation: body.id,
        freezeMs: ended.result?.freezeMs,
      };
      await expect.poll(contract, { timeout: 10_000 * busy() }).toMatchObject({
        declared: 'none', // by the file of this API; its worker's is another
        seen: [{ ...handedOver, what: 'copiesAhead', freezeMs: null }, handedOver],
        missed: [],
        lookedAt: 1,
      });
    });
  });

  it('can be read in the Temporal UI: a summary, details and search attributes', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } }, 'ui');
      const { workflowId, runId } = parseRelocationId(body.id) ?? { workflowId: '', runId: '' };
      const run = await temporal.workflow.getHandle(workflowId, runId).describe();
      await expect(run.staticSummary()).resolves.toBe('counter: cloud → a1, all users');
      await expect(run.staticDetails()).resolves.toMatch(/when an operator approves/);
      expect(run.searchAttributes).toMatchObject({
        FerryApplication: ['counter'],
        FerryDirection: ['cloudToMec'],
        FerrySource: ['cloud'],
        FerryTarget: ['a1'],
        FerryKey: [digest('ui')],
        FerryWorld: ['test'],
      });
    });
  });

  it('tells what a long step says of itself, how often it was tried, and why it failed', async () => {
    const held = gate();
    const world = new PortWorld().on('a1.instances.instantiate', 'PeerUnavailable', held.wait);
    await over(world, async (api) => {
      const { body } = await starting(api);
      await held.arrived;
      await eventually(async () => (await show(api, body)).waitingFor?.what === 'starting counter at a1');
      expect((await show(api, body)).waitingFor).toMatchObject({
        attempt: 2,
        lastFailure: 'PeerUnavailable: a1.instances.instantiate was made to fail',
        call: expect.stringMatching(/^temporal workflow describe/) as string,
      });
      held.open();
      await reached(api, body, 'ended');
    });
  });

  it('that was terminated from outside is shown so, and is no longer to be commanded', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      const { workflowId, runId } = parseRelocationId(body.id) ?? { workflowId: '', runId: '' };
      await temporal.workflow.getHandle(workflowId, runId).terminate();
      expect(await show(api, body)).toMatchObject({ state: 'terminated', step: null, actions: [], outcome: null });
      await expect(command<Problem>(api, body, 'cancel')).resolves.toMatchObject({
        status: 409,
        body: { failure: 'NotPossibleNow' },
      });
    });
  });

  it('is unknown when its run never was, or is none of ours', async () => {
    await over(new PortWorld(), async (api) => {
      const workflowId = `relocation:${digest('other')}`;
      const other = await temporal.workflow.start('other', { workflowId, taskQueue: 'elsewhere' });
      const ids = [other.firstExecutionRunId, randomUUID()].map((run) => `${digest('other')}.${run}`);
      for (const id of ids) {
        await expect(api.get(`${PATH}/${id}`)).resolves.toMatchObject({ status: 404 });
        await expect(command<Problem>(api, { id }, 'pause')).resolves.toMatchObject({ status: 404 });
        await expect(api.get(`${PATH}/${id}/events`)).resolves.toMatchObject({ status: 404 });
      }
    });
  });
});

describe('without a worker', () => {
  it('a relocation is started, and shown to wait for one', async () => {
    await alone(async (api) => {
      const { status, body } = await starting(api);
      expect(status).toBe(202);
      expect(body).toMatchObject({ state: 'working', step: 'check', actions: ['pause', 'cancel'], waitingFor: null });
      expect((await show(api, body)).waitingFor?.what).toMatch(/^a worker: none has answered/);
    });
  });

  it('a command is answered 503 with Retry-After within 6 s', async () => {
    await alone(async (api) => {
      const { body } = await starting(api);
      const begun = performance.now();
      const answer = await command<Problem>(api, body, 'pause');
      expect(performance.now() - begun).toBeLessThan(6_000 * busy());
      expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringMatching(/no worker/) as string } });
      expect(answer.headers.get('retry-after')).not.toBeNull();
    });
  });

  it('a plan and a survey are answered 503 at once, are told that no worker polls, and leave no run behind', async () => {
    await alone(async (api) => {
      const begun = performance.now();
      const answers = await Promise.all([api.post('/v1/plans', order), api.get('/v1/peers')]);
      expect(performance.now() - begun).toBeLessThan(10_000 * busy());
      for (const { status, headers, body } of answers) {
        expect(status).toBe(503);
        expect(headers.get('retry-after')).not.toBeNull();
        expect(body.detail).toMatch(/no worker asks for work of the task queue nobody-/);
        expect(body.remedy).toMatch(/Start a Ferry worker/);
      }
      await eventually(async () => (await temporal.workflow.count(RUNNING)).count === 0);
    });
  });
});

describe('looking without touching', () => {
  it('tells that a peer keeps a plan waiting, when its time is over', async () => {
    const held = gate();
    await over(new PortWorld().on('a1.instances.reach', held.wait), async (api) => {
      const { status, headers, body } = await api.post('/v1/plans', order);
      held.open();
      expect([status, body.failure]).toEqual([503, 'PeerUnavailable']);
      expect(headers.get('content-type')).toMatch('problem');
      expect(body.detail).toMatch(/a peer has not answered in time/);
    });
  });

  it('plans a relocation and starts none', async () => {
    await over(new PortWorld(), async (api) => {
      const { status, body } = await api.post<Plan>('/v1/plans', order);
      expect(status).toBe(200);
      expect(body).toMatchObject({ direction: 'cloudToMec', possible: true, obstacles: [], guarantee: 'zeroLoss' });
      expect((await temporal.workflow.count(`${RUNNING} AND WorkflowType = 'relocateApplication'`)).count).toBe(0);
    });
  });

  it('plans the impossible with 200 and the obstacles', async () => {
    await over(Object.assign(new PortWorld(), { missingServices: ['RNIS'] }), async (api) => {
      const { status, body } = await api.post<Plan>('/v1/plans', order);
      expect(status).toBe(200);
      expect(body.possible).toBe(false);
      expect(body.obstacles.map(({ failure }) => failure)).toContain('ServiceMissing');
    });
  });

  it('names in a plan the site that serves those whom the source does not', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await api.post<Plan>('/v1/plans', { ...order, source: 'w1', target: 'a2' });
      expect(body.obstacles).toContainEqual(
        expect.objectContaining({
          failure: 'NotServing',
          detail: expect.stringMatching(/; users of it are served at cloud$/) as string,
        }),
      );
    });
  });

  it('tells which sites fit, the best one first, and begins nothing', async () => {
    const world = new PortWorld().on('w1.packages.find', 'PeerUnavailable');
    const before = world.dump();
    await over(world, async (api) => {
      const asked = { application: 'counter', near: { network: 'cellular' } };
      const { status, body } = await api.post<PlacementList>('/v1/placements', asked);
      expect(status).toBe(200);
      expect(body.placements.map(({ site, possible, present }) => [site, possible, present])).toEqual([
        ['a1', true, false],
        ['a2', true, false],
        ['cloud', true, true],
        ['w1', false, false],
      ]);
      expect(body.placements[0]).toMatchObject({ guarantee: 'zeroLoss', expectedFreezeMs: 5, near: true });
      expect(body.placements.at(-1)?.obstacles).toMatchObject([{ failure: 'PeerUnavailable', where: 'w1' }]);
      expect(world.dump()).toEqual(before);
      const { workflow } = temporal;
      expect((await workflow.count(`${RUNNING} AND WorkflowType != 'surveyPeers'`)).count).toBe(0);
    });
  });

  it('says that nobody serves the users for whom a site is looked for, and who could not be asked', async () => {
    const world = new PortWorld().on('a2.instances.list', 'PeerUnavailable');
    world.restart('cloud');
    await over(world, async (api) => {
      const { status, body } = await api.post('/v1/placements', { application: 'counter' });
      expect([status, body.failure]).toEqual([409, 'NotServing']);
      expect(body.detail).toMatch(/^counter: no site has an instance that says that it serves these users; a2: /);
      const unknown = await api.post('/v1/placements', { application: 'counter', among: ['a1', 'a9'] });
      expect([unknown.status, unknown.body.failure]).toEqual([422, 'UnknownName']);
    });
  });

  it('answers with the plan within the time of one answer, though it cannot be told any more who serves them', async () => {
    const [slow, silent] = [gate(), gate()];
    const world = new PortWorld().on('w1.instances.list', slow.wait).on('cloud.instances.list', silent.wait);
    await over(world, async (api) => {
      const begun = performance.now();
      const asked = api.post<Plan>('/v1/plans', { ...order, source: 'w1', target: 'a2' });
      await slow.arrived;
      await sleep(13_000);
      slow.open();
      const { status, body } = await asked;
      const ms = performance.now() - begun;
      silent.open();
      expect([status, body.obstacles.map(({ failure }) => failure)]).toEqual([200, ['NotServing']]);
      expect(ms).toBeLessThan(28_000 * busy()); // the command line waits for 30 s
    });
  });

  it('tells where an application is, and whom each instance serves', async () => {
    const world = new PortWorld().on('a2.instances.list', 'PeerUnavailable');
    await over(world, async (api) => {
      const { status, body } = await api.get<ApplicationSeen>('/v1/applications/counter');
      expect(status).toBe(200);
      const at = (name: string) => body.sites.find(({ site }) => site === name);
      expect(at('cloud')?.instances).toMatchObject([{ state: 'started', serves: 'all', promisedTo: null }]);
      expect(at('a1')).toEqual({ site: 'a1', detail: null, instances: [] });
      expect(at('a2')?.detail).toMatch(/a2.instances.list was made to fail/);
      const all = await api.get<ApplicationList>('/v1/applications');
      expect(all.body.applications).toMatchObject([
        { name: 'counter', sites: body.sites.map(({ site }) => ({ site })) },
      ]);
      await expect(api.get('/v1/applications/chess')).resolves.toMatchObject({ status: 404 });
    });
  });

  it('tells of sites how their peers were seen, at once, and after a look where that is waited for', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const at = '2026-01-01T00:00:00.000Z';
      const seen = { meo: { reachable: true, since: at, seenAt: at, lastFailure: null } };
      await expect(api.get<SiteList>('/v1/sites')).resolves.toMatchObject({ status: 200, body: { peers: {} } });
      await expect(api.get('/v1/sites?waitSeconds=9')).resolves.toMatchObject({ status: 200, body: { peers: seen } });
      await expect(api.get<SiteList>('/v1/sites')).resolves.toMatchObject({ body: { peers: seen } });
      // Ten consoles that ask meanwhile add nothing (docs/scaling.md)
      await Promise.all(Array.from({ length: 10 }, async () => await api.get('/v1/sites')));
      const query = `TaskQueue = '${taskQueue}' AND WorkflowType = 'lookAtPeers'`;
      await eventually(async () => (await temporal.workflow.count(query)).count > 0);
      const looks: string[] = [];
      for await (const { workflowId } of temporal.workflow.list({ query })) looks.push(workflowId);
      expect(looks).toHaveLength(1);
      const look = temporal.workflow.getHandle(looks[0] ?? '');
      await expect(costOf(look)).resolves.toEqual({ events: 11, actions: 2, retries: 0 });
    });
  });

  it('surveys the peers', async () => {
    await over(new PortWorld(), async (api) => {
      const { status, body } = await api.get<PeerList>('/v1/peers');
      expect(status).toBe(200);
      expect(body.peers).toEqual([{ name: 'meo', kind: 'meo', reachable: true, detail: '', capabilities: [] }]);
    });
  });

  it('is ready when Temporal answers and knows our search attributes, and not while it shuts down', async () => {
    await alone(async (api) => {
      await expect(api.get('/health/ready')).resolves.toMatchObject({ status: 200, body: { status: 'ready' } });
      api.stopping.abort();
      await expect(api.get('/health/ready')).resolves.toMatchObject({ status: 503 });
      const unprepared = await Served.start({ temporal, prepared: false });
      await expect(unprepared.get('/health/ready')).resolves.toMatchObject({ status: 503 });
      await unprepared.stop();
    });
  });
});
