import { describe, expect, it } from 'vitest';
import type { RelocationList } from '../../api/resources.ts';
import { eventually } from '../support/eventually.ts';
import { over, PATH, reached, RUNNING, starting, temporal } from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

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
        page = (await api.get<RelocationList>(page.next)).body;
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
      expect((await api.get(next ?? '')).status).toBe(200);
      await expect(api.get((next ?? '').replace('running', 'ended'))).resolves.toMatchObject({ status: 404 });
    });
  });
});
