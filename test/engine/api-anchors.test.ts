import { describe, expect, it } from 'vitest';
import { anchoringActivities } from '../../activities/anchoring/index.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { whereActivities } from '../../activities/where.ts';
import type { Anchor, AnchorList } from '../../api/anchor.ts';
import type { WaitingList } from '../../api/northbound/table/waiting.ts';
import type { ApplicationSeen } from '../../api/resources.ts';
import { digest } from '../../configuration/digest.ts';
import { anchorsOver } from '../../worker/anchors.ts';
import { ferry } from '../cli/fake-api.ts';
import { named, Served } from '../support/api.ts';
import { quickPace } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { everything } from '../support/events.ts';
import { engine, servedByTheEngine, temporal } from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

/** Anchors as the API tells of them: over a real server, with a worker, and without. */
servedByTheEngine();

const PATH = '/v1/anchors';
const wish = { application: 'counter', source: 'a1', network: 'wifi' };

async function over(scenario: (api: Served, world: PortWorld) => Promise<void>): Promise<void> {
  const world = new PortWorld(0);
  world.subscribe(world.servedAt('a1'), 1);
  const { taskQueue } = engine;
  const anchors = anchorsOver(temporal, { ...named, pace: quickPace, taskQueue });
  const means = { catalogue: world, pace: quickPace, digest, turns: takingTurns(), anchors };
  const activities = { ...relocationActivities(means), ...anchoringActivities(means), ...whereActivities(means) };
  await engine.beside(activities, async () => {
    const api = await Served.start({ temporal, taskQueue, pace: quickPace });
    try {
      await scenario(api, world);
    } finally {
      await api.stop();
    }
  });
}

async function reaches(api: Served, { links }: Anchor, state: Anchor['state']): Promise<Anchor> {
  let now: Anchor | undefined;
  await eventually(async () => {
    now = (await api.get<Anchor>(links.self)).body;
    return now.state === state;
  }, 30_000).catch(() => {
    throw new Error(`it is ${JSON.stringify(now)}`);
  });
  if (now === undefined) throw new Error('nothing was seen');
  return now;
}

describe('an anchor of the API', () => {
  it('is started once, shown with what leads there, and released once', async () => {
    await over(async (api, world) => {
      const { status, headers, body } = await api.post<Anchor>(PATH, wish);
      expect(status).toBe(202);
      expect(headers.get('location')).toBe(`${PATH}/${body.id}`);
      expect(body).toMatchObject({ request: { ...wish, users: '*' }, source: 'a1', result: null });
      await expect(api.post<Anchor>(PATH, wish)).resolves.toMatchObject({ status: 202, body: { id: body.id } });

      const holds = await reaches(api, body, 'holds');
      expect(holds).toMatchObject({ way: 'holder', holder: { site: 'w1' }, observed: true, exposed: 1, lacking: 0 });
      expect(holds).toMatchObject({ actions: ['release'], takenBy: null, trouble: null, endedAt: null });

      await eventually(async () => {
        const { led } = (await api.get<ApplicationSeen>('/v1/applications/counter')).body;
        return led?.length === 1 && led[0]?.instance === world.at('a1')[0]?.id;
      }, 20_000);
      await expect(api.get<ApplicationSeen>('/v1/applications/counter')).resolves.toMatchObject({
        body: { led: [{ network: 'wifi', site: 'a1', way: 'holder', holder: { site: 'w1' }, everybody: true }] },
      });

      const other = await api.post(PATH, { ...wish, source: 'cloud' });
      expect(other).toMatchObject({
        status: 409,
        body: {
          failure: 'AlreadyAnchored',
          detail: 'devices of wifi are led to a1 for all users of counter already',
        },
      });
      const retry = await api.post(`${holds.links.self}/retry`);
      const holding = 'retry is not possible: the anchor of counter for wifi holds; what is possible: release';
      expect(retry).toMatchObject({ status: 409, body: { failure: 'NotPossibleNow', detail: holding } });

      await expect(api.post<Anchor>(`${holds.links.self}/release`)).resolves.toMatchObject({ status: 200 });
      const ended = await reaches(api, body, 'ended');
      expect(ended).toMatchObject({ result: { outcome: 'released', failure: null, leftovers: [] }, actions: [] });
      expect(ended.endedAt).not.toBeNull();
      const again = await api.post(`${holds.links.self}/release`);
      const detail = 'release is not possible: the anchor of counter for wifi has ended (released)';
      expect(again).toMatchObject({ status: 409, body: { failure: 'NotPossibleNow', detail } });
    });
  });

  it('whose source serves nobody waits for a person, in the list and at the command line, until it serves again', async () => {
    await over(async (api, world) => {
      const { body } = await api.post<Anchor>(PATH, wish);
      await reaches(api, body, 'holds');
      const waiting = async () => (await api.get<WaitingList>('/v1/waiting?application=counter')).body.waiting;
      const listed = async () => (await ferry('list', '--waiting', '--api', api.url)).out;
      await expect(waiting()).resolves.toEqual([]);
      const [source] = world.at('a1');
      world.silent.add(source?.id ?? '');
      await eventually(async () => (await waiting()).length === 1, 30_000);
      await expect(waiting()).resolves.toMatchObject([
        {
          kind: 'anchor',
          id: body.id,
          about: 'counter: wifi → a1, all users',
          state: 'troubled',
          waitingFor: { what: expect.stringMatching(/^an operator: a1: instance .* serves nobody since /) as string },
        },
      ]);
      await expect(listed()).resolves.toMatch(/anchor .*counter: wifi → a1, all users +troubled .*serves nobody since/);
      world.silent.clear();
      await eventually(async () => (await waiting()).length === 0, 30_000);
      await expect(listed()).resolves.toBe('Nothing waits for a person.\n');
      // In the Temporal UI it is found by its word alone
      await eventually(async () => (await temporal.workflow.count("FerryOutcome = 'troubled'")).count === 0, 30_000);
      await api.post<Anchor>(`${body.links.self}/release`);
      await reaches(api, body, 'ended');
    });
  });

  it('that cannot be released is parked: in the one list of what waits for a person, and in the stream of everything', async () => {
    await over(async (api, world) => {
      const { body } = await api.post<Anchor>(PATH, wish);
      await reaches(api, body, 'holds');
      world.on('w1.path.turnBack', ...Array.from({ length: 200 }, () => 'PeerRejected' as const));
      await api.post<Anchor>(`${body.links.self}/release`);
      const parked = await reaches(api, body, 'parked');
      expect(parked.waitingFor).toMatchObject({
        what: expect.stringMatching(
          /^an operator, on the way back: retry, or abandon it; still.*"lead devices/,
        ) as string,
        lastFailure: expect.stringMatching(/^PeerRejected: /) as string,
      });
      const waiting = async () => (await api.get<WaitingList>('/v1/waiting?application=counter')).body.waiting;
      await eventually(async () => (await waiting()).length === 1);
      const { id, links } = body;
      const expected = {
        kind: 'anchor',
        id,
        about: 'counter: wifi → a1, all users',
        state: 'parked',
        waitingFor: parked.waitingFor,
        actions: ['retry', 'abandon'],
        links: { self: links.self },
      };
      await expect(waiting()).resolves.toMatchObject([expected]);
      await expect(api.get('/v1/waiting?application=chess')).resolves.toMatchObject({
        body: { waiting: [], next: null },
      });
      const told: unknown[] = [];
      for await (const { event = '', json } of everything(api.url)) {
        if (json['id'] !== id) continue;
        told.push([event, json]);
        if (event === 'waitsNoMore') break;
        await api.post<Anchor>(`${links.self}/abandon`);
      }
      expect(told).toMatchObject([
        ['waiting', expected],
        ['waitsNoMore', { kind: 'anchor', id }],
      ]);
    });
  });

  it('that was begun by hand, past the API, is listed, shown and released like any other', async () => {
    await over(async (api) => {
      const run = await temporal.workflow.start('anchorApplication', {
        workflowId: 'by hand / 2',
        taskQueue: engine.taskQueue,
        args: [{ request: { ...wish, users: '*' }, pace: quickPace }],
      });
      const id = `~by%20hand%20%2F%202.${run.firstExecutionRunId}`;
      await eventually(async () => {
        const { anchors } = (await api.get<AnchorList>(PATH)).body;
        return anchors.some((one) => one.id === id && one.request.network === 'wifi');
      }, 30_000);
      const self = `${PATH}/${encodeURIComponent(id)}`;
      const one = { links: { self } } as Anchor;
      await expect(reaches(api, one, 'holds')).resolves.toMatchObject({ way: 'holder', links: { self } });
      await expect(api.post(`${self}/release`)).resolves.toMatchObject({ status: 200 });
      await expect(reaches(api, one, 'ended')).resolves.toMatchObject({ result: { outcome: 'released' } });
    });
  });

  it('is told page by page, each once, those that run first', async () => {
    await over(async (api) => {
      const begun = [
        (await api.post<Anchor>(PATH, wish)).body,
        (await api.post<Anchor>(PATH, { ...wish, users: 'ue-1' })).body,
      ];
      for (const each of begun) await reaches(api, each, 'holds');
      const ids = begun.map(({ id }) => id).toSorted();
      const running = async (): Promise<string[]> => {
        const seen: string[] = [];
        let path: string | null = `${PATH}?limit=1`;
        while (path !== null) {
          const { body }: { body: AnchorList } = await api.get<AnchorList>(path);
          expect(body.anchors.length).toBeLessThanOrEqual(1);
          seen.push(...body.anchors.flatMap(({ id, endedAt }) => (endedAt === null ? [id] : [])));
          path = body.next === null ? null : `${PATH}?limit=1&next=${encodeURIComponent(body.next)}`;
        }
        return seen.toSorted();
      };
      await eventually(async () => JSON.stringify(await running()) === JSON.stringify(ids), 30_000);
      const [first] = (await api.get<AnchorList>(`${PATH}?limit=100`)).body.anchors;
      expect(ids).toContain(first?.id);
      for (const { links } of begun) await api.post(`${links.self}/release`);
      for (const each of begun) await reaches(api, each, 'ended');
    });
  });

  it.each<[string, object, number, object]>([
    ['an application that nobody knows', { ...wish, application: 'nothing' }, 422, { failure: 'UnknownName' }],
    ['a site that nobody knows', { ...wish, source: 'nowhere' }, 422, { failure: 'UnknownName' }],
    ['a network that nobody knows', { ...wish, network: 'none' }, 422, { failure: 'UnknownName' }],
    ['a user that nobody knows', { ...wish, users: 'nobody' }, 422, { failure: 'UnknownName' }],
    ['no network', { application: 'counter', source: 'a1' }, 400, { errors: [{ path: 'body.network' }] }],
    ['more than is known', { ...wish, target: 'a2' }, 400, { errors: [{ path: 'body' }] }],
  ])('is refused of %s', async (_, body, status, told) => {
    const api = await Served.start({ temporal, taskQueue: engine.taskQueue });
    try {
      await expect(api.post(PATH, body)).resolves.toMatchObject({ status, body: told });
    } finally {
      await api.stop();
    }
  });

  it('that is not there is unknown, whatever is asked of it; a page that nobody gave out is refused', async () => {
    const api = await Served.start({ temporal, taskQueue: engine.taskQueue });
    const nobody = `${PATH}/${'a'.repeat(25)}.01999999-1111-7111-8111-111111111111`;
    const unknown = { status: 404, body: { failure: 'UnknownAnchor' } };
    try {
      await expect(api.get(nobody)).resolves.toMatchObject(unknown);
      for (const action of ['release', 'retry', 'abandon'])
        await expect(api.post(`${nobody}/${action}`)).resolves.toMatchObject(unknown);
      await expect(api.get(`${PATH}?next=strange`)).resolves.toMatchObject({ status: 400 });
      await expect(api.get(`${PATH}?limit=0`)).resolves.toMatchObject({ status: 400 });
    } finally {
      await api.stop();
    }
  });
});
