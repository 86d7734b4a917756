import { describe, expect, it } from 'vitest';
import type { RelocationList } from '../../api/resources.ts';
import { quickPace } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import {
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

servedByTheEngine();

describe('the list', () => {
  it('tells by pages what runs and what has ended, as it is filtered', async () => {
    await over(new PortWorld(), async (api) => {
      const there = await starting(api);
      await reached(api, there.body, 'ended');
      const back = await starting(api, { source: 'a1', target: 'cloud' });
      await reached(api, back.body, 'ended');
      const refused = await starting(api, { source: 'w1', target: 'a2' }); // nobody is served there
      await reached(api, refused.body, 'ended');
      const running = await starting(api, { source: 'cloud', target: 'a1', cutOver: { approval: true } });
      const query = `${RUNNING} AND WorkflowType = 'relocateApplication'`;
      await eventually(async () => (await temporal.workflow.count(query)).count === 1);

      const list = async (filter: string) => (await api.get<RelocationList>(`${PATH}?${filter}`)).body;
      expect((await list('state=running')).relocations.map(({ id }) => id)).toEqual([running.body.id]);
      const [first] = (await list('limit=1')).relocations;
      expect(first?.id).toBe(running.body.id);
      await eventually(async () => (await list('outcome=relocated&source=a1')).relocations[0]?.id === back.body.id);
      expect((await list('outcome=relocated&source=a1')).relocations[0]).toMatchObject({
        state: 'ended',
        outcome: 'relocated',
        result: null,
        request: { source: 'a1', target: 'cloud' },
      });
      expect((await list('application=chess')).relocations).toEqual([]);

      const ids: string[] = [];
      let page = await list('state=ended&limit=2');
      for (;;) {
        ids.push(...page.relocations.map(({ id }) => id));
        if (page.next === null) break;
        page = await list(`state=ended&limit=2&next=${page.next}`);
      }
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining([there, back, refused].map(({ body }) => body.id)));
      expect(ids).not.toContain(running.body.id);
    });
  });

  it('refuses `next` of another list', async () => {
    await over(new PortWorld(), async (api) => {
      for (const users of ['ue-1', 'ue-2']) await starting(api, { users, cutOver: { approval: true } });
      let next: string | null = null;
      await eventually(async () => {
        ({ next } = (await api.get<RelocationList>(`${PATH}?state=running&limit=1`)).body);
        return next !== null;
      });
      const page = await api.get<RelocationList>(`${PATH}?state=running&limit=1&next=${next}`);
      expect(page.status).toBe(200);
      await expect(api.get(`${PATH}?state=ended&limit=1&next=${next}`)).resolves.toMatchObject({ status: 404 });
      const { headers, body } = await api.get<RelocationList>(`${PATH}?state=running&limit=1`);
      expect(headers.get('link')).toBe(`<${PATH}?state=running&limit=1&next=${body.next}>; rel="next"`);
    });
  });

  it('tells what each waits for, and finds by one filter those that wait for a person', async () => {
    const held = gate();
    const world = new PortWorld().on('a1.packages.distribute', held.wait);
    await over(world, async (api) => {
      const back = { source: 'a1', target: 'cloud' };
      const { body: paused } = await starting(api, { users: 'ue-1' });
      await held.arrived;
      await command(api, paused, 'pause');
      held.open();
      await reached(api, paused, 'paused');
      const listed = async (state: string) =>
        (await api.get<RelocationList>(`${PATH}?state=${state}`)).body.relocations;
      const ids = async (state: string) => (await listed(state)).map(({ id }) => id).toSorted();
      await eventually(async () => (await ids('waiting')).length === 1);
      expect(await ids('waiting')).toEqual([paused.id]);
      expect(await ids('paused')).toEqual([paused.id]);
      expect((await listed('running'))[0]).toEqual({ ...(await show(api, paused)), durationsMs: {} });
      expect((await listed('paused'))[0]).toMatchObject({
        state: 'paused',
        step: 'instance',
        since: expect.any(String) as string,
        actions: ['resume', 'cancel'],
        waitingFor: { what: expect.stringMatching(/an operator: paused before "start the target/) as string },
      });
      await command(api, paused, 'resume');
      await reached(api, paused, 'ended');

      const { body: approval } = await starting(api, { ...back, users: 'ue-1', cutOver: { approval: true } });
      await reached(api, approval, 'held');
      await eventually(async () => (await ids('waiting'))[0] === approval.id);
      expect(await ids('held')).toEqual([approval.id]);
      const { state, waitingFor, actions, links } = await show(api, approval);
      const { self, temporal: inTemporal } = links;
      const about = 'counter: a1 → cloud, ue-1';
      const one = { kind: 'relocation', id: approval.id, about, state, waitingFor, actions };
      await expect(api.get('/v1/waiting')).resolves.toMatchObject({
        body: { waiting: [{ ...one, links: { self, temporal: inTemporal } }], next: null },
      });
      await command(api, approval, 'cancel');
      await reached(api, approval, 'ended');

      const at = new Date(Date.now() + 3_600_000).toISOString();
      const { body: timed } = await starting(api, { ...back, users: 'ue-1', cutOver: { at } });
      await reached(api, timed, 'held');
      await eventually(async () => (await ids('held'))[0] === timed.id && (await ids('waiting')).length === 0);
      await command(api, timed, 'cancel');
    });
  });

  it('tells of those that work which step is under way, though no worker is asked', async () => {
    const held = gate();
    await over(new PortWorld().on('a1.packages.distribute', held.wait), async (api) => {
      const { body } = await starting(api);
      await held.arrived;
      await eventually(async () => {
        const [one] = (await api.get<RelocationList>(`${PATH}?state=running`)).body.relocations;
        return one?.id === body.id && one.step === 'package';
      });
      const [one] = (await api.get<RelocationList>(`${PATH}?state=running`)).body.relocations;
      expect(one).toMatchObject({
        since: expect.any(String) as string,
        actions: ['pause', 'cancel'],
        waitingFor: { attempt: 1 },
      });
      held.open();
      await reached(api, body, 'ended');
    });
  });

  it('has what was started by hand, past the API, which can be shown and commanded like any other', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const request = { ...order, users: '*', cutOver: { approval: true } };
      const { firstExecutionRunId } = await temporal.workflow.start('relocateApplication', {
        workflowId: 'by hand / 1',
        taskQueue,
        args: [{ request, direction: 'cloudToMec', pace: quickPace }],
      });
      const id = `~by%20hand%20%2F%201.${firstExecutionRunId}`;
      await eventually(async () => {
        const { relocations } = (await api.get<RelocationList>(`${PATH}?state=running`)).body;
        return relocations.some((one) => one.id === id && one.request.source === 'cloud');
      });
      const one = { id: encodeURIComponent(id) };
      await reached(api, one, 'held');
      await expect(command(api, one, 'cancel')).resolves.toMatchObject({ status: 200, body: { id } });
      expect(await reached(api, one, 'ended')).toMatchObject({
        outcome: 'rolledBack',
        links: { self: `${PATH}/${one.id}` },
      });
    });
  });
});
