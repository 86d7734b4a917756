import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Admission, AT_ONCE, BURST_MS, MOST_WAITING, SHORT_MS } from '../../api/northbound/admission.ts';
import { problemDetails, problems } from '../../api/problem.ts';
import { close, serverOf } from '../../doors/server.ts';
import { eventually } from '../support/eventually.ts';

/** Work that goes on until it is let go, and how often it was begun. */
function held() {
  let letGo = (): void => {};
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const work = {
    begun: 0,
    letGo: () => letGo(),
    do: async () => {
      work.begun += 1;
      await gone;
    },
  };
  return work;
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

describe('more requests than can be begun', () => {
  it('wait up to a number, and the others are told when to come back, with nothing begun', async () => {
    const [admission, work] = [new Admission(), held()];
    let came = 0;
    const server = serverOf(
      express()
        .post('/', async (_req, res) => {
          came += 1;
          await admission.take(work.do);
          res.sendStatus(204);
        })
        .use(problems(pino({ level: 'silent' }), problemDetails)),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const dispatcher = new Agent({ connect: { timeout: 60_000 } });
    const ask = async () => {
      const { statusCode, headers, body } = await request(url, { method: 'POST', dispatcher });
      return { status: statusCode, after: headers['retry-after'], body: await body.text() };
    };
    try {
      const first = Array.from({ length: AT_ONCE + MOST_WAITING }, ask);
      await eventually(async () => came === AT_ONCE + MOST_WAITING);
      for (const { status, after, body } of await Promise.all(Array.from({ length: 40 }, ask))) {
        expect(status).toBe(503);
        expect(Number(after)).toBeGreaterThanOrEqual(2);
        expect(JSON.parse(body)).toMatchObject({ failure: 'Overloaded', status: 503 });
      }
      expect(work.begun).toBe(AT_ONCE);
      work.letGo();
      expect(new Set((await Promise.all(first)).map(({ status }) => status))).toEqual(new Set([204]));
      expect(work.begun).toBe(AT_ONCE + MOST_WAITING);
      expect((await ask()).status).toBe(204);
    } finally {
      work.letGo();
      await dispatcher.close();
      await close(server, 1_000);
    }
  });
});

describe('whoever waits', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('in a burst is refused after a minute, and his work is not begun then', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const [admission, work] = [new Admission(), held()];
    const before = Array.from({ length: AT_ONCE }, async () => await admission.take(work.do));
    let late = 'waits';
    const told = admission.take(work.do).catch((error: Error) => {
      late = error.message;
    });
    await vi.advanceTimersByTimeAsync(BURST_MS - 1);
    expect(late).toBe('waits');
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toMatch(/its turn has not come in 60 s/);
    work.letGo();
    await Promise.all([...before, told]);
    await settled();
    expect(work.begun).toBe(AT_ONCE);
    await expect(admission.take(async () => 'done')).resolves.toBe('done');
  });

  it('is refused at once behind more than a burst, and what is carried stays as much and as fast', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const admission = new Admission();
    const [tookMs, forMs] = [100, 5_000];
    const carried = (AT_ONCE * 1_000) / tookMs; // in a second
    const begun: { readonly cameMs: number; readonly waitedMs: number }[] = [];
    const refused: { readonly cameMs: number; readonly waitedMs: number }[] = [];
    const come = async (): Promise<void> => {
      const cameMs = performance.now();
      const work = async (): Promise<void> => {
        begun.push({ cameMs, waitedMs: performance.now() - cameMs });
        await new Promise((resolve) => setTimeout(resolve, tookMs));
      };
      await admission.take(work).catch(() => refused.push({ cameMs, waitedMs: performance.now() - cameMs }));
    };
    const [start, all]: [number, Promise<void>[]] = [performance.now(), []];
    for (let ms = 0; ms < forMs; ms += 10) {
      for (let n = 0; n < (3 * carried) / 100; n += 1) all.push(come());
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(BURST_MS);
    await Promise.all(all);
    expect(begun.length).toBeGreaterThan((carried * forMs) / 1_000);
    expect(Math.max(...refused.map(({ waitedMs }) => waitedMs))).toBe(0);
    expect(Math.max(...begun.map(({ waitedMs }) => waitedMs))).toBeLessThanOrEqual(
      (MOST_WAITING / carried) * 1_000 + tookMs,
    );
    const after = begun.filter(({ cameMs }) => cameMs - start > 2_000);
    expect(Math.max(...after.map(({ waitedMs }) => waitedMs))).toBeLessThanOrEqual(SHORT_MS + tookMs);
  });

  it('in one burst after the other is refused in none of them', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const admission = new Admission();
    const slowly = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (let burst = 0; burst < 5; burst += 1) {
      const all = Array.from({ length: 200 }, async () => await admission.take(slowly));
      await vi.advanceTimersByTimeAsync(10_000);
      await expect(Promise.all(all)).resolves.toHaveLength(200);
    }
  });

  it('and fails at his work hears why, and gives his place to the next', async () => {
    const admission = new Admission();
    const all = await Promise.allSettled(
      Array.from(
        { length: AT_ONCE + 5 },
        async () => await admission.take(async () => await Promise.reject(new Error('mine'))),
      ),
    );
    expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(AT_ONCE + 5);
    await expect(admission.take(async () => 7)).resolves.toBe(7);
  });
});
