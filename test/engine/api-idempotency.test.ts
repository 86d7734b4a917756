import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { digest } from '../../configuration/digest.ts';
import { Served } from '../support/api.ts';
import { quickPace } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import {
  alone,
  command,
  order,
  over,
  PATH,
  reached,
  RUNNING,
  starting,
  temporal,
  servedByTheEngine,
} from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

servedByTheEngine();

type Index = Client['workflowService']['listWorkflowExecutions'];

/** A Temporal with another index. */
const indexedBy = (listWorkflowExecutions: (...query: Parameters<Index>) => Promise<object>): Client =>
  Object.create(temporal, { workflowService: { value: { listWorkflowExecutions } } }) as Client;

/** One whose index knows what it knew then. */
const behind = (then: object): Client => indexedBy(async () => then);

const noRuns = { executions: [], nextPageToken: null };

describe('an Idempotency-Key', () => {
  it('makes 200 starts at once one run, answered alike', async () => {
    await over(new PortWorld(), async (api) => {
      const answers = await Promise.all(Array.from({ length: 200 }, async () => await starting(api, {}, 'storm')));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
      const query = `FerryKey = '${digest('storm')}'`;
      await eventually(async () => (await temporal.workflow.count(query)).count > 0);
      expect((await temporal.workflow.count(query)).count).toBe(1);
    });
  });

  it('makes starts at several processes at once one run', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const others = await Promise.all(
        [1, 2].map(async () => await Served.start({ temporal, taskQueue, pace: quickPace })),
      );
      const all = [api, ...others];
      const answers = await Promise.all(
        Array.from({ length: 60 }, async (_, n) => await starting(all[n % 3] ?? api, {}, 'race')),
      );
      expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
      for (const other of others) await other.stop();
    });
  });

  it('is the same run after that has ended, at this process and at another', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const first = await starting(api, {}, 'again');
      await reached(api, first.body, 'ended');
      const other = await Served.start({ temporal, taskQueue, pace: quickPace });
      expect(first.headers.get('idempotency-replayed')).toBeNull();
      for (const process of [api, other]) {
        const answer = await starting(process, {}, 'again');
        expect(answer).toMatchObject({
          status: 202,
          body: { id: first.body.id, state: 'ended', outcome: 'relocated' },
        });
        expect(answer.headers.get('idempotency-replayed')).toBe('true');
      }
      await other.stop();
    });
  });

  it('is one run, and the same after it has ended, though the index be away', async () => {
    await over(new PortWorld(), async (_api, taskQueue) => {
      const away = indexedBy(async () => await Promise.reject(new Error('the index is away')));
      const [one, other] = await Promise.all(
        [1, 2].map(async () => await Served.start({ temporal: away, taskQueue, pace: quickPace })),
      );
      const fresh = { source: 'w1', target: 'a1' };
      const first = await starting(one as Served, fresh, 'away');
      await reached(one as Served, first.body, 'ended');
      const again = await starting(other as Served, fresh, 'away');
      expect(again).toMatchObject({ status: 202, body: { id: first.body.id, state: 'ended' } });
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      await Promise.all([one?.stop(), other?.stop()]);
    });
  });

  it('with another body is refused though the index know nothing of it yet', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const other = await Served.start({ temporal: behind(noRuns), taskQueue, pace: quickPace });
      const first = await starting(api, { cutOver: { approval: true } }, 'early');
      await expect(starting(other, { target: 'a2' }, 'early')).resolves.toMatchObject({
        status: 409,
        body: { failure: 'KeyReused', see: `${PATH}/${first.body.id}` },
      });
      await other.stop();
    });
  });

  it('is another one for other users, and from another site', async () => {
    await over(new PortWorld(), async (api) => {
      const one = { users: 'ue-1', cutOver: { approval: true } };
      const answers = [
        await starting(api, one, 'shared'),
        await starting(api, { ...one, users: 'ue-2' }, 'shared'),
        await starting(api, { ...one, source: 'w1', target: 'a2', users: '*' }, 'shared'),
      ];
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(3);
    });
  });

  it('is found again by the index though another relocation of the same users came between', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const first = await starting(api, {}, 'between');
      await reached(api, first.body, 'ended');
      for (const body of [{ source: 'a1', target: 'cloud' }, {}])
        await reached(api, (await starting(api, body)).body, 'ended');
      let lag = 3; // questions
      const late = indexedBy(async (...query) =>
        (lag -= 1) > 0 ? noRuns : await temporal.workflowService.listWorkflowExecutions(...query),
      );
      for (const through of [temporal, late]) {
        const other = await Served.start({ temporal: through, taskQueue, pace: quickPace });
        const again = await starting(other, {}, 'between');
        expect(again).toMatchObject({ status: 202, body: { id: first.body.id } });
        await other.stop();
      }
      expect(lag).toBeLessThanOrEqual(0);
    });
  });

  it('with another body is refused: at once, at another process, and after the end', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const first = await starting(api, {}, 'reused');
      const other = await Served.start({ temporal, taskQueue, pace: quickPace });
      const refused = { status: 409, body: { failure: 'KeyReused', see: `${PATH}/${first.body.id}` } };
      await expect(starting(api, { target: 'a2' }, 'reused')).resolves.toMatchObject(refused);
      await expect(starting(other, { target: 'a2' }, 'reused')).resolves.toMatchObject(refused);
      await reached(api, first.body, 'ended');
      await expect(starting(other, { target: 'a2' }, 'reused')).resolves.toMatchObject(refused);
      await other.stop();
    });
  });

  it('of a start whose answer was lost finds the run that was started', async () => {
    let lost = 0;
    const lossy = new Client({
      connection: temporal.connection,
      namespace: temporal.options.namespace,
      interceptors: {
        workflow: [
          {
            startWithDetails: async (input, next) => {
              const started = await next(input);
              if (lost > 0) return started;
              lost += 1;
              throw Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'lost', metadata: {} });
            },
          },
        ],
      },
    });
    await alone(async (api) => {
      const first = await api.post(PATH, order, { 'idempotency-key': 'lost' });
      expect(first).toMatchObject({ status: 503 });
      expect(first.headers.get('retry-after')).not.toBeNull();
      const again = await starting(api, {}, 'lost');
      expect(again.status).toBe(202);
      const query = `FerryKey = '${digest('lost')}'`;
      await eventually(async () => (await temporal.workflow.count(query)).count > 0);
      expect((await temporal.workflow.count(query)).count).toBe(1);
    }, lossy);
  });
});

describe('another request for users that are being moved', () => {
  it.each<[string, object, string | undefined]>([
    ['the same one, without a key', {}, undefined],
    ['with another key', {}, 'other'],
    ['to another target', { target: 'a2' }, undefined],
    ['for one of them', { users: 'ue-1' }, undefined],
    ['that crosses it', { source: 'a1', target: 'cloud' }, undefined],
    ['into its source', { source: 'a2', target: 'cloud' }, undefined],
  ])('%s, is answered 409 with a link to it', async (_, body, key) => {
    await over(new PortWorld(), async (api) => {
      const first = await starting(api, { cutOver: { approval: true } }, `mine-${randomUUID()}`);
      expect(first.status).toBe(202);
      await eventually(async () => (await temporal.workflow.count(RUNNING)).count > 0);
      await expect(starting(api, { cutOver: { approval: true }, ...body }, key)).resolves.toMatchObject({
        status: 409,
        body: { failure: 'AlreadyRelocating', see: `${PATH}/${first.body.id}` },
      });
    });
  });

  it('is a new relocation when it is for another user', async () => {
    await over(new PortWorld(), async (api) => {
      const first = await starting(api, { users: 'ue-1', cutOver: { approval: true } });
      const second = await starting(api, { users: 'ue-2', cutOver: { approval: true } });
      expect([first.status, second.status]).toEqual([202, 202]);
      expect(second.body.id).not.toBe(first.body.id);
    });
  });

  it('is a new relocation as soon as the first has ended', async () => {
    await over(new PortWorld(), async (api) => {
      for (const body of [{}, { source: 'a1', target: 'cloud' }, {}]) {
        const { status, body: one } = await starting(api, body);
        expect(status).toBe(202);
        expect(await reached(api, one, 'ended')).toMatchObject({ outcome: 'relocated' });
      }
    });
  });

  it('is a new relocation though the index say that the first still runs', async () => {
    await over(new PortWorld(), async (api, taskQueue) => {
      const first = await starting(api, { cutOver: { approval: true } });
      await eventually(async () => (await temporal.workflow.count(RUNNING)).count > 0);
      const query = RUNNING;
      const then = await temporal.workflowService.listWorkflowExecutions({ namespace: 'default', query });
      await reached(api, first.body, 'held');
      await command(api, first.body, 'approve');
      await reached(api, first.body, 'ended');
      const other = await Served.start({ temporal: behind(then), taskQueue, pace: quickPace });
      expect((await starting(other, { source: 'a1', target: 'cloud' })).status).toBe(202);
      await other.stop();
    });
  });
});
