import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Evacuation, EvacuationList } from '../../api/evacuation.ts';
import type { Hold, HoldList } from '../../api/hold.ts';
import type { WaitingList } from '../../api/northbound/table/waiting.ts';
import type { Problem, Relocation, RelocationList } from '../../api/resources.ts';
import type { Plan } from '../../domain/relocation.ts';
import { emptied } from '../../bench/evacuating/emptied.ts';
import { failure } from '../../activities/failure.ts';
import { runsOver } from '../../worker/runs.ts';
import { evacuationWorkflowId } from '../../temporal/evacuating.ts';
import { named, Served } from '../support/api.ts';
import { busy } from '../support/busy.ts';
import { eventually } from '../support/eventually.ts';
import { quickPace } from '../support/engine.ts';
import {
  alone,
  engine,
  gate,
  over,
  reached as relocationReached,
  starting,
  temporal,
  workersOver,
  servedByTheEngine,
} from '../support/served-engine.ts';
import { OwnWorld } from '../support/own-world.ts';
import { PortWorld } from '../support/world.ts';
import { writtenOf } from '../support/written.ts';

servedByTheEngine();

const PATH = '/v1/evacuations';
const order = { site: 'cloud', among: ['a1'] };

const show = async (api: Served, id = 'cloud'): Promise<Evacuation> =>
  (await api.get<Evacuation>(`${PATH}/${id}`)).body;

async function reached(
  api: Served,
  wanted: (now: Evacuation) => boolean,
  of = 'cloud',
  before = async (): Promise<void> => undefined,
): Promise<Evacuation> {
  let now = await show(api, of);
  await eventually(async () => {
    await before();
    now = await show(api, of);
    return wanted(now);
  }, 30_000).catch(() => {
    throw new Error(`it is ${JSON.stringify(now)}`);
  });
  return now;
}
async function ended(api: Served): Promise<Evacuation> {
  const closed = writtenOf(temporal.workflow, { workflowId: evacuationWorkflowId('cloud') }, 'end');
  return await reached(api, ({ state }) => state === 'ended', undefined, closed);
}

const endOf = async (api: Served, one: { id: string }): Promise<Relocation> =>
  await relocationReached(api, one, 'ended', 60_000);

const begunBy = async (api: Served, { links }: Evacuation): Promise<RelocationList['relocations']> =>
  (await api.get<RelocationList>(links.relocations)).body.relocations;

describe('an evacuation', () => {
  it('moves what a site serves by an ordinary relocation, in a history of 11 events', async () => {
    await over(new PortWorld(), async (api) => {
      const { status, headers, body } = await api.post<Evacuation>(PATH, order);
      expect(status).toBe(202);
      expect(headers.get('location')).toBe(`${PATH}/${body.id}`);
      expect(body).toMatchObject({
        request: { site: 'cloud', among: ['a1'], window: 50, perUser: false },
        state: 'working',
        endedAt: null,
      });
      const now = await ended(api);
      expect(now).toMatchObject({
        id: body.id,
        outcome: 'evacuated',
        counts: { total: 1, moved: 1, failed: 0, underWay: 0, resting: 0, left: 0 },
        failures: [],
        actions: [],
      });

      await eventually(async () => (await begunBy(api, now)).length === 1);
      const [relocation] = await begunBy(api, now);
      expect(relocation).toMatchObject({
        outcome: 'relocated',
        request: { source: 'cloud', target: 'a1', users: '*' },
      });

      const run = temporal.workflow.getHandle('evacuation:cloud');
      expect((await run.fetchHistory()).events).toHaveLength(11);
      const described = await run.describe();
      await expect(described.staticSummary()).resolves.toBe('empty cloud');
      await expect(described.staticDetails()).resolves.toMatch(/Moves everything that \*\*cloud\*\* serves to a1/);
      expect(described.searchAttributes).toMatchObject({ FerrySource: ['cloud'], FerryWorld: ['test'] });

      const again = await api.post(`${PATH}/cloud/pause`);
      expect(again).toMatchObject({
        status: 409,
        body: {
          failure: 'NotPossibleNow',
          detail: 'pause is not possible: the evacuation of cloud has ended (evacuated)',
          see: `${PATH}/${body.id}`,
        },
      });
      const listed = (await api.get<EvacuationList>(PATH)).body.evacuations;
      const one = listed.find(({ id }) => id === body.id);
      expect(one).toEqual({ ...now, failures: [] });
    });
  });

  it('is paused, resumed, given another window, and cancelled; the same request joins it, another one is refused', async () => {
    const held = gate();
    await over(new PortWorld().on('a1.packages.distribute', held.wait), async (api) => {
      const first = await api.post<Evacuation>(PATH, order);
      await held.arrived;
      const same = await api.post<Evacuation>(PATH, order);
      expect([same.status, same.body.id]).toEqual([202, first.body.id]);
      await expect(api.post(PATH, { ...order, window: 3 })).resolves.toMatchObject({
        status: 409,
        body: { failure: 'AlreadyEvacuating', see: `${PATH}/${first.body.id}` },
      });

      const said = async (method: string, path: string, body?: object) =>
        await api.ask<Evacuation & Problem>(`${PATH}/cloud${path}`, {
          method,
          ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        });
      await expect(said('POST', '/pause')).resolves.toMatchObject({
        status: 200,
        body: {
          state: 'paused',
          actions: ['resume', 'cancel'],
          waitingFor: { what: expect.stringMatching(/^an operator, to resume it; /) as string },
        },
      });
      const waiting = async (source: string) =>
        (await api.get<WaitingList>(`/v1/waiting?source=${source}`)).body.waiting.map(({ about, state }) => [
          about,
          state,
        ]);
      await eventually(async () => (await waiting('cloud')).length === 1);
      await expect(waiting('cloud')).resolves.toEqual([['cloud → a1', 'paused']]);
      await expect(waiting('a2')).resolves.toEqual([]);
      // Asked again, since the first answer may have been lost
      await expect(said('POST', '/pause')).resolves.toMatchObject({ status: 200, body: { state: 'paused' } });
      await expect(said('PATCH', '', { window: 7 })).resolves.toMatchObject({ status: 200, body: { window: 7 } });
      await expect(said('PATCH', '', { window: 0 })).resolves.toMatchObject({ status: 400 });
      await expect(said('POST', '/resume')).resolves.toMatchObject({ body: { state: 'working', window: 7 } });
      await eventually(async () => (await waiting('cloud')).length === 0);
      await expect(said('POST', '/resume')).resolves.toMatchObject({
        status: 409,
        body: { failure: 'NotPossibleNow', detail: 'resume is not possible: the evacuation of cloud is working' },
      });
      for (const _ of ['once', 'again'])
        await expect(said('POST', '/cancel')).resolves.toMatchObject({
          status: 200,
          body: { state: 'cancelling', actions: [] },
        });
      await expect(said('POST', '/resume')).resolves.toMatchObject({
        status: 409,
        body: { detail: 'resume is not possible: the evacuation of cloud was cancelled' },
      });
      await reached(api, ({ counts }) => counts?.underWay === 1);

      held.open(); // what is under way goes on to its end
      expect(await ended(api)).toMatchObject({ outcome: 'evacuated', counts: { moved: 1 }, window: 7 });
    });
  });

  it('that was begun by hand, past the API, is carried out, listed, shown and commanded like any other', async () => {
    const held = gate();
    await over(new PortWorld().on('a1.packages.distribute', held.wait), async (api, taskQueue) => {
      const request = { ...order, window: 50, perUser: false };
      const { firstExecutionRunId: run } = await temporal.workflow.start('evacuateHost', {
        workflowId: 'by hand: 3',
        taskQueue,
        args: [{ request, pace: quickPace }],
      });
      const id = `~~by%20hand%3A%203.${run}`;
      await held.arrived;
      await eventually(async () => {
        const { evacuations } = (await api.get<EvacuationList>(PATH)).body;
        return evacuations.some((one) => one.id === id && one.state === 'working');
      });
      const self = `${PATH}/${encodeURIComponent(id)}`;
      await expect(api.post(`${self}/cancel`)).resolves.toMatchObject({
        status: 200,
        body: { id, state: 'cancelling' },
      });
      held.open();
      const end = await reached(api, ({ state }) => state === 'ended', encodeURIComponent(id));
      expect(end).toMatchObject({ outcome: 'evacuated', counts: { moved: 1 }, links: { self } });
    });
  });

  it('goes on with another worker when its own stops, which waits for nothing; nothing is begun twice', async () => {
    const held = gate();
    const world = new PortWorld().on('a1.packages.distribute', held.wait);
    const taskQueue = `api-${randomUUID()}`;
    const api = await Served.start({ temporal, taskQueue, pace: quickPace });
    try {
      const first = await workersOver(world, taskQueue);
      await first.runUntil(
        (async () => {
          await api.post(PATH, order);
          await held.arrived;
          await reached(api, ({ counts }) => counts?.underWay === 1);
          held.open(); // a step that hangs would keep its worker
        })(),
      );
      const second = await workersOver(world, taskQueue);
      await second.runUntil(
        (async () => {
          const now = await ended(api);
          expect(now).toMatchObject({ outcome: 'evacuated', counts: { total: 1, moved: 1 } });
          await eventually(async () => (await begunBy(api, now)).length > 0);
          expect(await begunBy(api, now)).toHaveLength(1);
        })(),
      );
      const { events } = await temporal.workflow.getHandle('evacuation:cloud').fetchHistory();
      expect(events).toHaveLength(11);
    } finally {
      await api.stop();
    }
  });

  it('tells what failed, and why, with the relocation that tells more', async () => {
    const world = Object.assign(new PortWorld(), { missingServices: ['RNIS'] });
    await over(world, async (api) => {
      await api.post(PATH, { ...order, among: ['a1', 'a2'] });
      const now = await ended(api);
      expect(now).toMatchObject({ outcome: 'inPart', counts: { failed: 1 } });
      const [failed] = now.failures;
      expect(failed).toMatchObject({ application: 'counter', users: '*', target: 'a2', failure: 'ServiceMissing' });
      const relocation = await api.get(`/v1/relocations/${failed?.relocation}`);
      expect(relocation).toMatchObject({ status: 200, body: { outcome: 'refused' } });
      await eventually(async () => (await begunBy(api, now)).length === 2);
    });
  });

  it('sees of its relocations which are only being undone', async () => {
    const [forward, back] = [gate(), gate()];
    const world = new PortWorld().on('a1.instances.remove', back.wait);
    world.on('a1.instances.instantiate', async () => {
      await forward.wait();
      throw failure('TargetRefused', 'there is no room');
    });
    await over(world, async (api, taskQueue) => {
      const runs = runsOver(temporal, { ...named, pace: quickPace, taskQueue });
      const { id } = (await starting(api)).body;
      const goesBack = async () => (await runs.goingBack([id], new AbortController().signal)).has(id);
      await forward.arrived;
      expect(await goesBack()).toBe(false);
      forward.open();
      await back.arrived;
      expect(await goesBack()).toBe(true);
      back.open();
      await endOf(api, { id });
      expect(await goesBack()).toBe(false);
    });
  });

  it('joins a relocation that somebody else has begun, and sees that it waits for a person', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const theirs = await starting(api, { cutOver: { approval: true } });
      await api.post(PATH, order);
      await reached(api, ({ counts }) => counts?.underWay === 1);
      const runs = runsOver(temporal, { ...named, pace: quickPace, taskQueue });
      const rests = async (...from: string[]) =>
        (await runs.resting(from, new AbortController().signal)).has(theirs.body.id);
      await eventually(async () => await rests('a1', 'cloud'));
      expect(await rests('a1')).toBe(false);
      await eventually(async () => (await api.post(`/v1/relocations/${theirs.body.id}/approve`)).status === 200);
      const now = await ended(api);
      expect(now).toMatchObject({ outcome: 'evacuated', counts: { moved: 1 } });
      expect(await begunBy(api, now)).toEqual([]);
    });
  });
});

/** At full size: `npm run bench -- evacuation`. */
describe('a site of many, whose workers are killed', () => {
  const [MANY, WINDOW, ONE_IN] = [40, 10, 20];

  it('is emptied: none moved twice, none lost, never more at once than the window, and each failure is listed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ferry-emptied-'));
    const { address, namespace = 'default' } = engine.environment;
    const pace = { heartbeatMs: Math.round(3_000 * busy()), pollMs: 200, attemptMs: 2_000 };
    try {
      const seen = await emptied(
        { address, namespace, folder, pid: undefined },
        { many: MANY, window: WINDOW, operationMs: 1_000, oneIn: ONE_IN, ...pace },
      );
      expect(seen.killed).toBe(2);
      expect(seen.result).toMatchObject({
        outcome: 'inPart',
        counts: { total: MANY, moved: 38, failed: 2, underWay: 0, left: 0 },
      });
      const failed = seen.result.failures.map((one) => `${one.application}: ${one.failure}`);
      expect(failed.toSorted()).toEqual(['app-0: LcmOperationFailed', 'app-20: LcmOperationFailed']);
      expect(seen.begun).toMatchObject({ relocated: 38, twice: 0 });
      expect(seen.begun.atOnce).toBeLessThanOrEqual(WINDOW);
      expect(seen.standing).toMatchObject({ lost: 0, serving: { 'left-0': 2 } });
      expect(seen.events).toBe(11);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 900_000);
});

describe('the return of an evacuation', () => {
  const there = { outcome: 'evacuated', counts: { total: 1, moved: 1, failed: 0 } } as const;

  it('brings back what it has moved, once; asked again it finds it there, and before the end of the other it is refused', async () => {
    const held = gate();
    await over(new PortWorld().on('a1.packages.distribute', held.wait), async (api) => {
      const first = await api.post<Evacuation>(PATH, order);
      await held.arrived;
      await expect(api.post(`${PATH}/cloud/return`, {})).resolves.toMatchObject({
        status: 409,
        body: { failure: 'NotPossibleNow' },
      });
      held.open();
      expect(await ended(api)).toMatchObject(there);
      await eventually(async () => (await begunBy(api, first.body)).some(({ outcome }) => outcome === 'relocated'));

      const back = await api.post<Evacuation>(`${PATH}/cloud/return`, { window: 7 });
      expect(back).toMatchObject({
        status: 202,
        body: { returns: first.body.id, window: 7, request: { site: 'cloud' } },
      });
      expect(back.headers.get('location')).toBe(`${PATH}/${encodeURIComponent(back.body.id)}`);
      const home = await reached(api, ({ state }) => state === 'ended', '~cloud');
      expect(home).toMatchObject({ id: back.body.id, ...there, outcome: 'returned' });
      await eventually(async () => (await begunBy(api, home)).length === 1);
      const [relocation] = await begunBy(api, home);
      expect(relocation).toMatchObject({ outcome: 'relocated', request: { source: 'a1', target: 'cloud' } });
      expect((await temporal.workflow.getHandle('return:cloud').fetchHistory()).events).toHaveLength(11);

      const again = await api.post<Evacuation>(`${PATH}/${first.body.id}/return`, {});
      expect(again.body.id).not.toBe(home.id);
      const nothing = await reached(api, ({ state }) => state === 'ended', '~cloud');
      expect(nothing).toMatchObject({ id: again.body.id, outcome: 'returned', counts: { total: 0, failed: 0 } });
      await expect(api.post(`${PATH}/${again.body.id}/return`, {})).resolves.toMatchObject({ status: 409 });
      // Both are found by the name of the site, each as itself
      expect((await show(api)).id).toBe(first.body.id);
    });
  });
});

describe('an application without the contract', () => {
  it('stays, with what can be had; and leaves where that is accepted, and comes home as it went', async () => {
    const world = Object.assign(new OwnWorld(), { transfer: undefined, devices: null, heard: [] });
    await over(world, async (api) => {
      await api.post(PATH, order);
      const stays = await ended(api);
      expect(stays).toMatchObject({ outcome: 'inPart', counts: { moved: 0, failed: 1 } });
      expect(stays.failures).toMatchObject([
        { failure: 'ContractMissing', remedy: expect.stringContaining('--accept') },
      ]);
      expect(stays.failures[0]?.message).toContain('what can be had is "none"');

      await eventually(async () => (await api.post(PATH, { ...order, accept: 'none' })).status === 202);
      const gone = await reached(api, ({ id, state }) => id !== stays.id && state === 'ended');
      expect(gone).toMatchObject({ outcome: 'evacuated', request: { accept: 'none' } });
      await eventually(async () => (await begunBy(api, gone)).some(({ outcome }) => outcome === 'relocated'));
      const [relocation] = await begunBy(api, gone);
      expect(relocation?.request).toMatchObject({ accept: 'none' });
      await api.post(`${PATH}/${gone.id}/return`, {});
      const home = await reached(api, ({ state }) => state === 'ended', '~cloud');
      await eventually(async () => (await begunBy(api, home)).length === 1);
      const [back] = await begunBy(api, home);
      expect(back?.request).toMatchObject({ source: 'a1', target: 'cloud', accept: 'none' });
    });
  });
});

describe('a site to which nothing is to be moved', () => {
  it('is one that is being emptied', async () => {
    const held = gate();
    await over(new PortWorld().on('a1.packages.distribute', held.wait), async (api) => {
      await api.post(PATH, order);
      await held.arrived;
      const { body } = await api.post<Plan>('/v1/plans', { application: 'counter', source: 'a1', target: 'cloud' });
      expect(body.obstacles).toContainEqual(expect.objectContaining({ failure: 'Evacuating', where: 'cloud' }));
      held.open();
      await ended(api);
    });
  });

  it('is listed page by page', async () => {
    await alone(async (api) => {
      for (const site of ['a1', 'a2', 'w1']) await api.post('/v1/holds', { site });
      await eventually(async () => (await api.get<HoldList>('/v1/holds')).body.holds.length === 3);
      const first = await api.get<HoldList>('/v1/holds?limit=2');
      expect(first.body.holds).toHaveLength(2);
      const [, next = ''] = /<(.*)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? [];
      expect(next).toBe(`/v1/holds?limit=2&next=${first.body.next}`);
      const last = await api.get<HoldList>(next);
      expect(last.body.next).toBeNull();
      const sites = [...first.body.holds, ...last.body.holds].map(({ site }) => site);
      expect(sites.toSorted()).toEqual(['a1', 'a2', 'w1']);
      await expect(api.get(`/v1/evacuations?next=${first.body.next}`)).resolves.toMatchObject({ status: 404 });
    });
  });

  it('of several is listed page by page, each once', async () => {
    await alone(async (api) => {
      const begun: string[] = [];
      for (const site of ['a1', 'a2', 'w1'])
        begun.push((await api.post<Evacuation>(PATH, { site, among: ['cloud'] })).body.id);
      const first = await api.get<EvacuationList>(`${PATH}?limit=2`);
      expect(first.body.evacuations).toHaveLength(2);
      const [, next = ''] = /<(.*)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? [];
      expect(next).toBe(`${PATH}?limit=2&next=${first.body.next}`);
      // Those of earlier tests are in it too
      const ids = async (): Promise<readonly string[]> => {
        const seen: string[] = [];
        for (let page: string | null = `${PATH}?limit=2`; page !== null; ) {
          const { body }: { body: EvacuationList } = await api.get<EvacuationList>(page);
          seen.push(...body.evacuations.map(({ id }) => id));
          page = body.next === null ? null : `${PATH}?limit=2&next=${body.next}`;
        }
        return seen.filter((id) => begun.includes(id));
      };
      await eventually(async () => (await ids()).length >= begun.length);
      expect((await ids()).toSorted()).toEqual(begun.toSorted());
      await expect(api.get(`/v1/fences?next=${first.body.next}`)).resolves.toMatchObject({ status: 404 });
    });
  });

  it('is one that an operator holds, until he ends that', async () => {
    await over(new PortWorld(), async (api) => {
      const hold = await api.post<Hold>('/v1/holds', { site: 'a1', why: 'new memory' });
      expect(hold).toMatchObject({ status: 200, body: { site: 'a1', why: 'new memory' } });
      await expect(api.post<Hold>('/v1/holds', { site: 'a1' })).resolves.toMatchObject({
        body: { why: 'new memory', since: hold.body.since },
      });
      await eventually(async () => (await api.get<HoldList>('/v1/holds')).body.holds.length === 1);

      const refused = await starting(api);
      expect(await endOf(api, refused.body)).toMatchObject({
        outcome: 'refused',
        result: { failure: { type: 'OnHold', message: expect.stringMatching(/a1: an operator holds it/) as string } },
      });
      await expect(api.ask('/v1/holds/a1', { method: 'DELETE' })).resolves.toMatchObject({ status: 200 });
      await expect(api.ask('/v1/holds/a1', { method: 'DELETE' })).resolves.toMatchObject({
        status: 404,
        body: { failure: 'UnknownHold' },
      });
      expect(await endOf(api, (await starting(api)).body)).toMatchObject({ outcome: 'relocated' });
    });
  });
});

describe('what was moved', () => {
  it('is moved back, once however often that is asked; what was not moved is not', async () => {
    await over(new PortWorld(), async (api) => {
      const there = (await starting(api)).body;
      await expect(api.post(`/v1/relocations/${there.id}/return`, {})).resolves.toMatchObject({
        status: 409,
        body: { failure: 'NotPossibleNow' },
      });
      await endOf(api, there);
      const back = await api.post<Relocation>(`/v1/relocations/${there.id}/return`, {});
      expect(back).toMatchObject({ status: 202, body: { request: { source: 'a1', target: 'cloud', users: '*' } } });
      const again = await api.post<Relocation>(`/v1/relocations/${there.id}/return`, {});
      expect([again.body.id, again.headers.get('idempotency-replayed')]).toEqual([back.body.id, 'true']);
      expect(await endOf(api, back.body)).toMatchObject({ outcome: 'relocated', direction: 'mecToCloud' });
    });
  });
});

describe('without a worker', () => {
  it('an evacuation is started, and waits for one; a command is answered 503', async () => {
    await alone(async (api) => {
      const { status, body } = await api.post<Evacuation>(PATH, { site: 'a1' });
      expect([status, body.request.among, body.waitingFor?.what]).toEqual([
        202,
        ['a2'],
        'a worker: none has taken it on',
      ]);
      await expect(api.post(`${PATH}/a1/pause`)).resolves.toMatchObject({ status: 503 });
    });
  });
});
