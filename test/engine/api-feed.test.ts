import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { Evacuation } from '../../api/evacuation.ts';
import type { Relocation } from '../../api/resources.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { Served } from '../support/api.ts';
import { quickPace } from '../support/engine.ts';
import { everything } from '../support/events.ts';
import {
  alone,
  command,
  engine,
  gate,
  over,
  reached,
  show,
  starting,
  temporal,
  servedByTheEngine,
} from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

servedByTheEngine();

/** What is there when somebody comes, up to the word that this is all; relocations of other tests are there too. */
async function begun(url: string, headers: Record<string, string> = {}) {
  const told = [];
  for await (const one of everything(url, headers)) {
    told.push(one);
    if (one.event === 'sources') break;
  }
  return told;
}

describe('the stream of everything', () => {
  it('tells what is there, says so, and then each change of each relocation up to its end', async () => {
    await over(new PortWorld(), async (api) => {
      const { body: first } = await starting(api);
      await reached(api, first, 'ended');
      const { body } = await starting(api, { source: 'a1', target: 'a2', cutOver: { approval: true } });
      await reached(api, body, 'held');
      const told: string[] = [];
      let last: unknown;
      for await (const { event = '', json } of everything(api.url)) {
        if (event === 'sources') await command(api, body, 'approve');
        if (event !== 'relocation') told.push(event);
        else if (json['id'] === first.id) told.push(`first ${String(json['state'])}`);
        if (json['id'] !== body.id) continue;
        told.push(`second ${String(json['state'])}`);
        last = json;
        if (json['state'] === 'ended') break;
      }
      expect(told.slice(0, 4)).toEqual(['anew', 'first ended', 'second held', 'sources']);
      expect(told.at(-1)).toBe('second ended');
      expect(last).toEqual(await show(api, body));
    });
  });

  it('tells what a relocation waits for and which actions there are, as the relocation itself does', async () => {
    await over(new PortWorld(), async (api) => {
      const { body } = await starting(api, { cutOver: { approval: true } });
      const held = await reached(api, body, 'held');
      expect((await begun(api.url)).map(({ json }) => json)).toContainEqual(held);
    });
  });

  it('goes on after what was read, and begins anew for who has read another one', async () => {
    await over(new PortWorld(), async (api) => {
      const { body: first } = await starting(api);
      await reached(api, first, 'ended');
      const before = await begun(api.url);
      expect(before.filter(({ json }) => json['id'] === first.id)).toHaveLength(1);
      const id = before.at(-1)?.id ?? '';
      const { body } = await starting(api, { source: 'a1', target: 'a2' });
      for await (const { event, json } of everything(api.url, { 'last-event-id': id })) {
        expect([event, json['id']]).toEqual(['relocation', body.id]);
        if (json['state'] !== 'ended') continue;
        expect(json).toEqual(await show(api, body));
        break;
      }
      const strange = await begun(api.url, { 'last-event-id': `0${id}` });
      expect(strange[0]?.event).toBe('anew');
      expect(strange.map(({ json }) => json['id'])).toEqual(expect.arrayContaining([first.id, body.id]));
    });
  });

  it('tells of one that was ended from outside, whether or not a worker is there', async () => {
    await alone(async (api) => {
      const { body } = await starting(api);
      const states: unknown[] = [];
      for await (const { event, json } of everything(api.url)) {
        if (json['id'] === body.id) states.push(json['state']);
        if (event === 'sources') {
          const { workflow } = engine.environment.client;
          for await (const { workflowId } of workflow.list({ query: "ExecutionStatus = 'Running'" }))
            await workflow.getHandle(workflowId).terminate('by hand');
        }
        if (states.at(-1) === 'terminated') break;
      }
      expect([states[0], states.at(-1)]).toEqual(['working', 'terminated']);
      await expect(show(api, body)).resolves.toMatchObject({ state: 'terminated' } satisfies Partial<Relocation>);
    });
  });
});

describe('hosts of which something is said, in the stream of everything,', () => {
  it('are told while they are held and emptied, and when that is over', async () => {
    const held = gate();
    await over(new PortWorld().on('a1.packages.distribute', held.wait), async (api) => {
      await api.post('/v1/holds', { site: 'a2', why: 'new memory' });
      const { body: evacuation } = await api.post<Evacuation>('/v1/evacuations', { site: 'cloud', among: ['a1'] });
      await held.arrived;
      const told: string[] = [];
      for await (const { event = '', json } of everything(api.url)) {
        if (event === 'hold') {
          told.push(`hold ${String(json['site'])}: ${String(json['why'])}`);
          await api.ask('/v1/holds/a2', { method: 'DELETE' });
        }
        if (event === 'reopened') {
          told.push(`reopened ${String(json['site'])}`);
          held.open();
        }
        if (event === 'evacuation' && json['id'] === evacuation.id) {
          const state = String(json['outcome'] ?? json['state']);
          if (told.at(-1) !== state) told.push(state);
          if (json['endedAt'] !== null) break;
        }
      }
      expect(told.filter((word) => word !== 'working')).toEqual(['hold a2: new memory', 'reopened a2', 'evacuated']);
      expect(told).toContain('working');
    });
  });

  it('are told when their source was taken to be dead, also without a worker, until nobody waits for it', async () => {
    await alone(async (api) => {
      const id = `${'a'.repeat(25)}.${randomUUID()}`;
      const handle = await temporal.workflow.start('fenceSource', {
        workflowId: `fence:${id}`,
        taskQueue: `nobody-${randomUUID()}`,
        typedSearchAttributes: [{ key: searchAttributes.source, value: 'a1' }],
      });
      const told: unknown[] = [];
      for await (const { event, json } of everything(api.url)) {
        if (event !== 'fence' || json['id'] !== id) continue;
        told.push([json['source'], json['state']]);
        if (json['endedAt'] !== null) break;
        await handle.terminate('by hand');
      }
      expect(told).toEqual([
        ['a1', null],
        ['a1', 'ended'],
      ]);
    });
  });
});

describe('what the stream of everything asks of Temporal', () => {
  /** An API of its own, that counts what it asks. */
  async function counted() {
    let calls = 0;
    const counting: Interceptor = (options, next) => {
      calls += 1;
      return new InterceptingCall(next(options));
    };
    const connection = await Connection.connect({ address: engine.environment.address, interceptors: [counting] });
    const { namespace } = engine.environment.client.options;
    const client = new Client({ connection, namespace });
    const api = await Served.start({ temporal: client, taskQueue: `nobody-${randomUUID()}`, pace: quickPace });
    const listenedTo = async (listeners: number): Promise<number> => {
      const leave = new AbortController();
      await Promise.all(
        Array.from({ length: listeners }, async () => await fetch(`${api.url}/v1/events`, { signal: leave.signal })),
      );
      await sleep(1_000);
      const before = calls;
      await sleep(3_000);
      const asked = calls - before;
      leave.abort();
      await sleep(4_000);
      return asked;
    };
    const stop = async (): Promise<void> => {
      await api.stop();
      await connection.close();
    };
    return { api, listenedTo, stop };
  }

  it('is the same for one and for ten who listen, and nothing while nobody does', async () => {
    const [few, many] = await Promise.all([counted(), counted()]);
    try {
      await starting(few.api, { cutOver: { approval: true } });
      // In the same seconds: how much is asked in some depends on what else the machine does in them
      const [one, ten] = await Promise.all([few.listenedTo(1), many.listenedTo(10)]);
      expect(one).toBeGreaterThan(1);
      expect(ten).toBeLessThan(2 * one);
      await expect(Promise.all([few.listenedTo(0), many.listenedTo(0)])).resolves.toEqual([0, 0]);
    } finally {
      await Promise.all([few.stop(), many.stop()]);
    }
  });
});
