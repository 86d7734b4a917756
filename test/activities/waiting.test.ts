import { setTimeout as sleep } from 'node:timers/promises';
import { ActivityCancelledError, type Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it, vi } from 'vitest';
import { failure, keeping } from '../../activities/failure.ts';
import type { Wait } from '../../activities/ports.ts';
import { idsIn, keeping as journalOf } from '../../activities/relocation/subscriptions.ts';
import { stoodStillMs } from '../../activities/stillness.ts';
import { alive, untilNextLook } from '../../activities/waiting.ts';

const silent = new DefaultLogger('ERROR');
const pace = { pollMs: 5, heartbeatMs: 5_000 };

/** One attempt of a step that may take so long in all, begun so long after the first one was scheduled. */
function attempt({
  goneMs = 0,
  nth = 1,
  heartbeatDetails,
  heartbeatMs = pace.heartbeatMs,
  patienceMs = 30_000,
  pollMs = pace.pollMs,
  hears,
}: {
  goneMs?: number;
  nth?: number;
  heartbeatDetails?: unknown;
  heartbeatMs?: number;
  patienceMs?: number;
  pollMs?: number;
  /** In the server's place, where its answer is awaited. */
  hears?: (details: unknown) => Promise<void>;
} = {}) {
  const activity = { heartbeat: async (_: unknown, details: unknown) => await hears?.(details) };
  const listened: AbortSignal[] = [];
  const withAbortSignal = async (signal: AbortSignal, ask: () => Promise<unknown>): Promise<unknown> => {
    listened.push(signal); // and never ceases
    return await ask();
  };
  const client = { activity, withAbortSignal };
  const info = {
    startToCloseTimeoutMs: patienceMs,
    scheduleToCloseTimeoutMs: patienceMs,
    scheduledTimestampMs: 1_000,
    currentAttemptScheduledTimestampMs: 1_000 + goneMs,
    heartbeatDetails,
    attempt: nth,
    retryPolicy: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 20_000 },
  };
  const environment = new MockActivityEnvironment(info, { client: client as unknown as Client, logger: silent });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => void beats.push(details));
  const step = async (work: (wait: Wait) => Promise<unknown>): Promise<unknown> =>
    await alive({ pollMs, heartbeatMs }, work);
  return {
    beats,
    listened,
    cancel: () => environment.cancel(),
    run: async (work: (wait: Wait) => Promise<unknown>) => await environment.run(step, work),
  };
}
const busy = (ms: number) => async (): Promise<never> => {
  throw failure('PeerUnavailable', `meo: GET / answered 503; it asked to come back in ${ms / 1_000} s`, ms);
};

describe('what a step keeps', () => {
  it('is there for the next attempt, though the first one ended before its first sign of life', async () => {
    const first = attempt();
    const failing = async (wait: Wait): Promise<void> => {
      wait.keep('instance', 'i1');
      await busy(5_000)();
    };
    await expect(first.run(failing)).rejects.toThrow('503');
    expect(first.beats).toEqual([{ told: '', kept: { instance: 'i1' } }]);
    const second = attempt({ heartbeatDetails: first.beats[0] });
    expect(await second.run(async ({ kept }) => [kept('instance'), kept('package')])).toEqual(['i1', undefined]);
  });

  it('is a proof once the server has heard it, also where that answers that the step is to stop', async () => {
    const heard: unknown[] = [];
    const answers = async (details: unknown): Promise<void> => void heard.push(details);
    const before = async (wait: Wait): Promise<unknown> => {
      wait.keep('before', '[]');
      await wait.heard();
      return heard.at(-1);
    };
    await expect(attempt({ hears: answers }).run(before)).resolves.toEqual({
      told: '',
      kept: { before: '[]' },
    });
    const stops = async (): Promise<never> => await Promise.reject(new ActivityCancelledError('stop'));
    await expect(attempt({ hears: stops }).run(before)).resolves.toBeDefined();
    const away = async (): Promise<never> => await Promise.reject(new Error('14 UNAVAILABLE'));
    await expect(attempt({ hears: away }).run(before)).rejects.toMatchObject({ type: 'NotYet', nonRetryable: false });
  });

  it('is heard by a call that is cut off from the step when it has ended, or each would be kept for ever', async () => {
    const { run, cancel, listened } = attempt({ hears: async () => undefined });
    const waiting = run(async (wait) => {
      await wait.heard();
      cancel();
      await wait.pause();
    });
    await expect(waiting).rejects.toThrow('CANCELLED');
    expect(listened.at(-1)?.aborted).toBe(false);
  });

  it('is written as often as it is told: ten times as many copies are ten times as many bytes', async () => {
    const bytesOf = async (many: number): Promise<number> => {
      const written = vi.spyOn(JSON, 'stringify');
      const { beats, run } = attempt();
      const copying = async (wait: Wait): Promise<void> => {
        const journal = journalOf({}, wait);
        for (let n = 0; n < many; n += 1) journal.made(`/rni/v2/subscriptions/${10_000 + n}`);
        await busy(5_000)();
      };
      await expect(run(copying)).rejects.toThrow('503');
      const bytes = written.mock.results.reduce((sum, { value }) => sum + String(value).length, 0);
      written.mockRestore();
      expect(idsIn((beats.at(-1) as { kept: Record<string, string> }).kept['made'])).toHaveLength(many);
      return bytes;
    };
    expect((await bytesOf(1_000)) / (await bytesOf(100))).toBeLessThan(11);
  });

  it('costs no heartbeat where the step goes well, or keeps nothing', async () => {
    const well = attempt();
    await well.run(async (wait) => wait.keep('instance', 'i1'));
    const empty = attempt({ heartbeatDetails: 'a sentence' });
    await expect(empty.run(busy(1_000))).rejects.toThrow('503');
    expect([...well.beats, ...empty.beats]).toEqual([]);
  });

  it('goes with the failure of an attempt whose worker stood still, which does nothing: it may be the last', async () => {
    const kept = { made: '["/rni/v2/subscriptions/1"]', before: '[]' };
    const last = attempt({ nth: 3, goneMs: 29_500, heartbeatMs: 1_000, heartbeatDetails: { told: 'it copies', kept } });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500); // so long it stands still
    let begun = false;
    const failed = last.run(async () => {
      begun = true;
    });
    await expect(failed).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining('stood still'),
      details: [{ kept }],
      nonRetryable: true,
    });
    expect(begun).toBe(false);
    // The tests after it run in this process
    await expect.poll(stoodStillMs, { timeout: 10_000 }).toBe(0);
  });
});

describe('a peer that asks to be left alone', () => {
  it('is left alone, where the step may wait so long', async () => {
    await expect(attempt().run(busy(7_000))).rejects.toMatchObject({
      nextRetryDelay: 7_000,
      message: 'meo: GET / answered 503; it asked to come back in 7 s',
    });
  });

  it('for longer than the step may wait is asked once more before the end, and the failure says so', async () => {
    const error = await attempt()
      .run(busy(45_000))
      .catch((reason: unknown) => reason as { message: string; nextRetryDelay: number });
    expect(error).toMatchObject({
      message: 'meo: GET / answered 503; it asked to come back in 45 s, which is longer than this step may wait',
    });
    const { nextRetryDelay } = error as { nextRetryDelay: number };
    expect(nextRetryDelay).toBeGreaterThan(25_000);
    expect(nextRetryDelay).toBeLessThan(29_000);
  });

  it('counts from the first attempt, and leaves nothing to wait for at the end', async () => {
    await expect(attempt({ goneMs: 20_000 }).run(busy(15_000))).rejects.toMatchObject({
      nextRetryDelay: expect.toSatisfy((ms: number) => ms > 8_000 && ms < 9_500),
    });
    await expect(attempt({ goneMs: 29_500 }).run(busy(15_000))).rejects.toMatchObject({
      nextRetryDelay: undefined,
      message: expect.stringContaining('longer than this step may wait'),
    });
  });
});

describe('a peer that stays away', () => {
  const away = async (): Promise<never> => {
    throw failure('PeerUnavailable', 'meo: GET / did not answer');
  };

  it('is asked again as the server has it, as long as there is time for it', async () => {
    const error = await attempt({ nth: 3, goneMs: 3_000 })
      .run(away)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ nonRetryable: false });
    expect(error).not.toHaveProperty('nextRetryDelay', expect.any(Number));
  });

  it('is asked once more just before the end, where the next time would be too late', async () => {
    await expect(attempt({ nth: 5, goneMs: 15_000 }).run(away)).rejects.toMatchObject({
      nonRetryable: false,
      nextRetryDelay: expect.toSatisfy((ms: number) => ms > 12_000 && ms < 14_000),
    });
  });

  it('fails for good at the very end, with its words and all that the step told, and not in a timeout', async () => {
    const telling = async (): Promise<never> => {
      throw keeping(await away().catch((error: unknown) => error), { untouched: true });
    };
    await expect(attempt({ nth: 6, goneMs: 29_500 }).run(telling)).rejects.toMatchObject({
      type: 'PeerUnavailable',
      message: 'meo: GET / did not answer',
      nonRetryable: true,
      details: [{ kept: { untouched: true } }],
    });
  });
});

describe('a step that waits', () => {
  it('gives a sign of life in its first second, and then as seldom as it may: thousands wait at once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    try {
      const { beats, run } = attempt({ heartbeatMs: 30_000, pollMs: 60_000, patienceMs: 3_600_000 });
      let told: (() => void) | undefined;
      const waiting = run(async () => await new Promise<void>((resolve) => (told = resolve)));
      const beatsAfter = async (ms: number): Promise<number> => {
        await vi.advanceTimersByTimeAsync(ms);
        return beats.length;
      };
      expect([await beatsAfter(1_000), await beatsAfter(9_000), await beatsAfter(50_000)]).toEqual([1, 1, 6]);
      told?.();
      await waiting;
      expect(await beatsAfter(60_000)).toBe(6);
    } finally {
      vi.useRealTimers();
    }
  });

  it('looks more seldom the longer it lasts, and is late by a twentieth of the wait at most', async () => {
    const looks = [0];
    for (let at = 0; at < 3_600_000; looks.push(at)) at += untilNextLook(at, 500);
    const apart = looks.slice(1).map((at, n) => at - (looks[n] ?? 0));
    expect(apart.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 500));
    expect(looks.every((at, n) => at <= 10_000 || (apart[n - 1] ?? 0) <= at * 0.05 + 0.001)).toBe(true);
    expect(Math.max(...apart)).toBeCloseTo(10_000, 3);
    expect(looks).toHaveLength(423);
    const paused = attempt({ pollMs: 2 }).run(async (wait) => {
      await sleep(900);
      const from = performance.now();
      await wait.pause();
      return performance.now() - from;
    });
    expect(await paused).toBeGreaterThan(38);
  });

  it('says so too where what waits with its signal tells only that it was aborted', async () => {
    const { run } = attempt({ patienceMs: 1_200 });
    const waiting = run(async ({ progress, signal }) => {
      progress('asking a peer');
      await sleep(60_000, undefined, { signal });
    });
    await expect(waiting).rejects.toMatchObject({ type: 'NotYet', message: 'asking a peer: not done in time' });
  });

  it('says what it was doing when its time is over, however long its pause', async () => {
    const waiting = attempt({ patienceMs: 600, pollMs: 60_000 }).run(async (wait) => {
      wait.progress('the operation is PROCESSING');
      for (;;) await wait.pause();
    });
    await expect(waiting).rejects.toMatchObject({
      type: 'NotYet',
      message: 'the operation is PROCESSING: not done in time',
    });
  });
});
