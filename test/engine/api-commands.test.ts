import { describe, expect, it } from 'vitest';
import type { Problem, RelocationList } from '../../api/resources.ts';
import { Served } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import {
  command,
  gate,
  over,
  PATH,
  reached,
  show,
  starting,
  temporal,
  servedByTheEngine,
} from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

servedByTheEngine();

describe('a command', () => {
  it('pauses, and resumes', async () => {
    const held = gate();
    await over(new PortWorld().on('a1.packages.distribute', held.wait), async (api) => {
      const { body } = await starting(api);
      await held.arrived;
      await expect(command(api, body, 'pause')).resolves.toMatchObject({
        status: 200,
        body: { state: 'working', step: 'package', asked: 'pause', actions: ['resume', 'cancel'] },
      });
      held.open();
      const paused = await reached(api, body, 'paused');
      expect(paused.actions).toEqual(['resume', 'cancel']);
      expect(paused.waitingFor?.what).toMatch(/operator/);
      const resumed = await command(api, body, 'resume');
      expect(resumed).toMatchObject({ status: 200, body: { asked: null } });
      expect(['working', 'ended']).toContain(resumed.body.state);
      expect(await reached(api, body, 'ended')).toMatchObject({ outcome: 'relocated' });
    });
  });

  it('approves a held cut-over, and answers the state that this has made', async () => {
    const again = gate();
    const world = new PortWorld().on('a1.instances.reach', () => undefined, again.wait);
    await over(world, async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      const held = await reached(api, body, 'held');
      expect(held).toMatchObject({ actions: ['approve', 'cancel', 'recover'], waitingFor: { until: null } });
      await expect(command(api, body, 'approve')).resolves.toMatchObject({
        status: 200,
        body: { id: body.id, state: 'working', step: 'check', actions: ['pause', 'cancel'] },
      });
      again.open();
      expect(await reached(api, body, 'ended')).toMatchObject({ outcome: 'relocated' });
    });
  });

  it('cancels, and then is refused', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      await reached(api, body, 'held');
      const cancelled = await command(api, body, 'cancel');
      expect(cancelled.status).toBe(200);
      expect(['rollingBack', 'ended']).toContain(cancelled.body.state);
      expect(await reached(api, body, 'ended')).toMatchObject({ outcome: 'rolledBack' });
      await expect(command<Problem>(api, body, 'cancel')).resolves.toMatchObject({
        status: 409,
        body: { failure: 'NotPossibleNow', detail: 'cancel is not possible: it is ended (rolledBack)' },
      });
    });
  });

  it.each([
    ['retry', 'relocated'],
    ['abandon', 'relocatedSourceKept'],
  ] as const)('to %s ends the waiting of a parked one', async (action, outcome) => {
    await over(new PortWorld().on('cloud.instances.stop', 'PeerRejected'), async (api) => {
      const { body } = await starting(api);
      const parked = await reached(api, body, 'parked');
      expect(parked).toMatchObject({
        step: 'retire',
        actions: ['retry', 'abandon'],
        waitingFor: { lastFailure: 'PeerRejected: cloud.instances.stop was made to fail' },
      });
      await eventually(async () => {
        const { relocations } = (await api.get<RelocationList>(`${PATH}?state=parked`)).body;
        return relocations.some(({ id, state }) => id === body.id && state === 'parked');
      });
      await expect(command<Problem>(api, body, 'pause')).resolves.toMatchObject({
        status: 409,
        body: { failure: 'NotPossibleNow', remedy: expect.any(String) as string },
      });
      const answered = await command(api, body, action);
      expect(answered.status).toBe(200);
      expect(answered.body.state).not.toBe('parked');
      expect(await reached(api, body, 'ended')).toMatchObject({ outcome });
    });
  });

  it.each([
    ['with its key', { 'idempotency-key': 'mine' }],
    ['without a key', {}],
  ])('that is asked again %s is answered again, and carried out once', async (_, headers) => {
    const held = gate();
    await over(new PortWorld().on('context.handOver', held.wait), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      await reached(api, body, 'held');
      const say = async (): Promise<number> =>
        (await api.post(`${PATH}/${body.id}/approve`, undefined, headers)).status;
      expect(await say()).toBe(200);
      await held.arrived;
      expect(await say()).toBe(200);
      await expect(command<Problem>(api, body, 'retry')).resolves.toMatchObject({ status: 409 });
      held.open();
      await reached(api, body, 'ended');
      expect(await say()).toBe('idempotency-key' in headers ? 200 : 409);
    });
  });

  it('that is asked again at another process with its key is answered again', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      await reached(api, body, 'held');
      const key = { 'idempotency-key': 'cancel-1' };
      expect((await api.post(`${PATH}/${body.id}/cancel`, undefined, key)).status).toBe(200);
      await reached(api, body, 'ended');
      const other = await Served.start({ temporal, taskQueue });
      expect((await other.post(`${PATH}/${body.id}/cancel`, undefined, key)).status).toBe(200);
      const refused = await other.post(`${PATH}/${body.id}/cancel`, undefined, { 'idempotency-key': 'another' });
      expect(refused.status).toBe(409);
      await other.stop();
    });
  });

  it('to recover, with the key of one that accepted less, is another one: whoever accepts more gets no answer to less', async () => {
    const world = new PortWorld(3);
    await over(world, async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      await reached(api, body, 'held');
      const say = async (accept: object): Promise<number> =>
        (await api.post(`${PATH}/${body.id}/recover`, { accept }, { 'idempotency-key': 'mine' })).status;
      expect(await say({ lostWrites: true })).toBe(200);
      await eventually(async () => /NotLost/.test((await show(api, body)).waitingFor?.lastFailure ?? ''));
      for (const { id } of world.at('cloud')) world.silent.add(id);
      world.on('cloud.instances.end', ...Array.from({ length: 200 }, () => 'PeerRejected' as const));
      expect(await say({ lostWrites: true, fence: 'none' })).toBe(200);
      expect(await reached(api, body, 'ended')).toMatchObject({ outcome: 'recovered' });
    });
  });

  it('to cancel is too late once the hand-over has begun, and after it has ended', async () => {
    const held = gate();
    await over(new PortWorld().on('context.handOver', held.wait), async (api) => {
      const { body } = await starting(api);
      await held.arrived;
      expect((await show(api, body)).actions).toEqual(['pause']);
      const late = { status: 409, body: { failure: 'CancelTooLate' } };
      await expect(command<Problem>(api, body, 'cancel')).resolves.toMatchObject(late);
      held.open();
      await reached(api, body, 'ended');
      await expect(command<Problem>(api, body, 'cancel')).resolves.toMatchObject(late);
    });
  });

  it.each(['resume', 'approve', 'retry', 'abandon'])('to %s is refused while it works', async (action) => {
    const held = gate();
    await over(new PortWorld().on('a1.packages.distribute', held.wait), async (api) => {
      const { body } = await starting(api);
      await held.arrived;
      const answer = await command<Problem>(api, body, action);
      expect(answer).toMatchObject({ status: 409, body: { failure: 'NotPossibleNow' } });
      expect(answer.body.detail).toMatch(new RegExp(`${action} is not possible: it is working`));
      held.open();
      await reached(api, body, 'ended');
    });
  });
});
