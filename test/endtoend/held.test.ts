import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { fleet, measured, processOf, subscribers, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** A hold may last: when the cut-over is approved, everything is verified anew. */
const NETWORK = 63;
const CLOUD = `127.${NETWORK}.41.1`;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK);
  await fleet(stage, 3);
});
afterAll(async () => await stage?.strike());

async function subscribeForTheSource(): Promise<void> {
  const answer = await fetch(`http://127.${NETWORK}.2.11:8080/rni/v2/subscriptions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      subscriptionType: 'CellChangeSubscription',
      callbackReference: `http://${CLOUD}:7000/notifications/rni/4`,
      filterCriteriaAssocHo: { appInstanceId: 'counter-0', hoStatus: [3, 5] },
    }),
  });
  expect(answer.status).toBe(201);
}

describe('while the cut-over is held', () => {
  it('a subscription that comes and a target that dies are noticed after the approval, and nothing is lost', async () => {
    const { result, figures } = await measured(stage, async () => {
      const { id } = await stage.begin('cloud', 'a1', { cutOver: { approval: true } });
      await expect(stage.reaches(id, ['held'])).resolves.toMatchObject({ actions: ['approve', 'cancel'] });
      const before = await worldOf(stage);
      const [target] = before.peers['meo-cellular'].instances;
      expect(subscribers(before)).toHaveLength(6);
      expect(
        before.peers['platform-a1'].radio.filter(({ callbackReference }) => callbackReference.includes(CLOUD)),
      ).toHaveLength(3);

      await subscribeForTheSource();
      process.kill(await processOf(stage, target?.id ?? ''), 'SIGKILL');
      await eventually(async () =>
        JSON.stringify((await worldOf(stage)).peers['meo-cellular'].instances).includes('STOPPED'),
      );
      expect((await stage.post(`/v1/relocations/${id}/approve`)).status).toBe(200);
      const ended = await stage.ends(id);
      expect((await worldOf(stage)).peers['meo-cellular'].instances.map((each) => each.id)).toEqual([target?.id]);
      return ended;
    });
    expect(result).toMatchObject({
      outcome: 'relocated',
      failure: null,
      leftovers: [],
      moved: { instance: 'created', subscriptions: 4 },
    });
    expect(figures).toMatchObject({ lost: 0, stale: 0, doubled: 0 });
    const world = await worldOf(stage);
    expect(subscribers(world)).toHaveLength(4);
    expect(subscribers(world)).not.toContain(CLOUD);
    expect(world.peers['cloud-manager'].instances).toMatchObject([{ state: 'stopped' }]);
  });

  it('until an instant, it goes on by itself then', async () => {
    const at = new Date(Date.now() + 3_000).toISOString();
    const { id } = await stage.begin('a1', 'cloud', { cutOver: { at } });
    await expect(stage.reaches(id, ['held'])).resolves.toMatchObject({ waitingFor: { until: at } });
    expect(Date.now()).toBeLessThan(Date.parse(at));
    await expect(stage.ends(id)).resolves.toMatchObject({ outcome: 'relocated', moved: { subscriptions: 4 } });
    expect(Date.now()).toBeGreaterThan(Date.parse(at));
  });
});
