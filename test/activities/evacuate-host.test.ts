import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, vi } from 'vitest';
import { failure } from '../../activities/failure.ts';
import { evacuationActivities, type EvacuateOrder } from '../../activities/evacuation/evacuate-host.ts';
import type { Begun } from '../../activities/evacuation/runs.ts';
import type { EvacuationResult } from '../../domain/evacuation.ts';
import { awake } from '../support/awake.ts';
import { busy } from '../support/busy.ts';
import { eventually } from '../support/eventually.ts';
import { moved, PlayedRuns, rolledBack } from '../support/played-runs.ts';

const HOUR_MS = 3_600_000;
const four = ['a2', 'a3', 'a4', 'a5'];
const order: EvacuateOrder = { evacuation: 'a1.run', site: 'a1', among: four, perUser: false, deadline: null };
const named = (n: number): string[] => Array.from({ length: n }, (_, at) => `app-${at}`);

/** One attempt, of which the server has heard `heard`. */
function attempt(
  runs: PlayedRuns,
  names: readonly string[],
  over: Partial<EvacuateOrder> = {},
  heard?: unknown,
  scheduledMs = Date.now(),
) {
  const environment = new MockActivityEnvironment({
    startToCloseTimeoutMs: HOUR_MS,
    scheduleToCloseTimeoutMs: HOUR_MS,
    scheduledTimestampMs: scheduledMs,
    currentAttemptScheduledTimestampMs: scheduledMs,
    heartbeatDetails: heard,
    attempt: heard === undefined ? 1 : 2,
  });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => void beats.push(details));
  const pace = { pollMs: 5, heartbeatMs: 3_000 * busy() };
  const { evacuateHost } = evacuationActivities({ catalogue: runs.catalogue(names), runs, pace });
  const state = { ended: false };
  const run: Promise<EvacuationResult> = environment.run(evacuateHost, { ...order, ...over });
  const result = run.finally(() => {
    state.ended = true;
  });
  result.catch(() => undefined);
  return {
    beats,
    result,
    kill: () => environment.cancel(),
    /** Until it has ended, or that is so. */
    passes: async (enough: () => boolean = () => false): Promise<void> => {
      while (!state.ended && !enough()) await runs.pass();
    },
  };
}

async function evacuated(runs: PlayedRuns, names: readonly string[], over: Partial<EvacuateOrder> = {}) {
  const { result, passes } = attempt(runs, names, over);
  await passes();
  return await result;
}

/** Numbers that are the same each time. */
function dice(seed: number): () => number {
  let at = seed;
  return () => (at = (at * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}

describe('an evacuation of 5,000 applications, 1 % of which fail, and two of whose workers are killed', () => {
  it('takes 1.10 of the ideal at most, begins none twice, and tells of each that failed', async () => {
    const runs = new PlayedRuns();
    const roll = dice(7);
    let [total, n] = [0, 0];
    runs.course = ({ target }) => {
      const tail = Math.sqrt(-2 * Math.log(1 - roll())) * Math.cos(2 * Math.PI * roll());
      const ms = 60_000 * Math.exp(0.6 * tail - 0.18) * (target === 'a5' ? 3 : 1) * (roll() < 0.01 ? 5 : 1);
      [total, n] = [total + ms, n + 1];
      return { ms, ended: n % 100 === 0 ? rolledBack('PeerUnavailable') : moved };
    };
    const names = named(5_000);

    let heard: unknown;
    for (const killedAt of [1_500, 3_500]) {
      const killed = attempt(runs, names, {}, heard);
      await killed.passes(() => runs.runs.size >= killedAt);
      killed.kill();
      await expect(killed.result).rejects.toThrow('CANCELLED');
      heard = killed.beats[0]; // what was said after it was never heard
      await runs.pass(5_000);
    }
    const last = attempt(runs, names, {}, heard);
    await last.passes();
    const { outcome, counts, failures } = await last.result;

    expect({ outcome, counts }).toEqual({
      outcome: 'inPart',
      counts: { total: 5_000, moved: 4_950, failed: 50, underWay: 0, resting: 0, left: 0 },
    });
    expect(new Set(failures.map(({ application }) => application)).size).toBe(50);
    expect(runs.asked).toHaveLength(5_000);
    expect(runs.most).toBe(50);
    expect(runs.now / (total / 50)).toBeLessThanOrEqual(1.1);
  });
});

describe('an evacuation', () => {
  it('ends when everything has been moved', async () => {
    const runs = new PlayedRuns();
    await expect(evacuated(runs, named(3))).resolves.toEqual({
      outcome: 'evacuated',
      counts: { total: 3, moved: 3, failed: 0, underWay: 0, resting: 0, left: 0 },
      failures: [],
    });
    expect(runs.asked).toEqual(['app-0/*/a2', 'app-1/*/a3', 'app-2/*/a4']);
  });

  it('moves all others where one of them cannot be seen, and that one tells why itself', async () => {
    const runs = new PlayedRuns();
    runs.tells = async (name) => {
      if (name === 'app-1') throw failure('PeerMalformed', 'cloud: its list does not fit');
    };
    runs.course = ({ application }) => ({
      ms: 10,
      ended: application === 'app-1' ? { ...rolledBack('PeerMalformed'), outcome: 'refused' } : moved,
    });
    await expect(evacuated(runs, named(30))).resolves.toMatchObject({
      outcome: 'inPart',
      counts: { total: 30, moved: 29, failed: 1 },
      failures: [{ application: 'app-1', users: '*', failure: 'PeerMalformed' }],
    });
  });

  it.each(['PeerMalformed', 'PeerRejected'] as const)(
    'begins nothing where none of them can be seen (%s)',
    async (type) => {
      const runs = new PlayedRuns();
      runs.tells = async () => await Promise.reject(failure(type, 'meo: its list does not fit'));
      await expect(evacuated(runs, named(30))).rejects.toMatchObject({ type });
      expect(runs.asked).toEqual([]);
    },
  );

  it('of a site that serves nobody ends at once', async () => {
    await expect(evacuated(new PlayedRuns(), [])).resolves.toMatchObject({
      outcome: 'evacuated',
      counts: { total: 0 },
    });
  });

  it('moves on whoever was on the way there when it began, and has come since', async () => {
    const runs = new PlayedRuns();
    runs.coming.add('app-1').add('app-2');
    runs.course = ({ application }) => {
      runs.coming.delete(application === 'app-0' ? 'app-1' : 'app-2');
      return { ms: 1_000, ended: moved };
    };
    await expect(evacuated(runs, named(3))).resolves.toMatchObject({
      outcome: 'evacuated',
      counts: { total: 3, moved: 3 },
    });
    expect(runs.asked).toEqual(['app-0/*/a2', 'app-1/*/a2', 'app-2/*/a2']);
    // Nobody is asked of whom it is known that he has gone, and the last look finds nobody
    expect(runs.lookedFor).toEqual(['app-0', 'app-1', 'app-2', 'app-1', 'app-2', 'app-2']);
  });

  /** Each look for who is on the way takes as long as it is waited from one to the next. */
  async function withoutPauses(work: (pass: () => void) => Promise<void>): Promise<void> {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await work(() => vi.advanceTimersByTime(2_000));
    } finally {
      vi.useRealTimers();
      await awake(); // to a process whose clock leaps it has stood still
    }
  }

  it('waits for whoever is still on the way there when nobody is left, and moves him on', async () => {
    await withoutPauses(async (pass) => {
      const runs = new PlayedRuns();
      runs.coming.add('app-1');
      let asked = 0;
      runs.onTheWay = () => {
        pass();
        asked += 1;
        if (asked < 3) return 1;
        runs.coming.clear();
        return 0;
      };
      await expect(evacuated(runs, named(2))).resolves.toMatchObject({ outcome: 'evacuated', counts: { moved: 2 } });
      expect({ asked, moved: runs.asked }).toEqual({ asked: 4, moved: ['app-0/*/a2', 'app-1/*/a2'] });
    });
  });

  it('waits for nobody on the way there once it is cancelled', async () => {
    await withoutPauses(async (pass) => {
      const runs = new PlayedRuns();
      runs.onTheWay = () => {
        runs.wanted = { ...runs.wanted, cancelled: true };
        pass();
        return 1;
      };
      await expect(evacuated(runs, named(1))).resolves.toMatchObject({ counts: { moved: 1 } });
    });
  });

  it('tries another target where one could not take it and nothing is left behind, and tells where it was last', async () => {
    const runs = new PlayedRuns();
    runs.course = ({ application, target }) => ({
      ms: 10,
      ended: application === 'app-1' || target === 'a2' ? rolledBack('ServiceMissing') : moved,
    });
    const { counts, failures } = await evacuated(runs, named(2), { among: ['a2', 'a3'] });
    expect(counts).toMatchObject({ moved: 1, failed: 1 });
    expect(runs.asked.toSorted()).toEqual(['app-0/*/a2', 'app-0/*/a3', 'app-1/*/a2', 'app-1/*/a3']);
    expect(failures).toEqual([
      {
        application: 'app-1',
        users: '*',
        target: 'a2',
        failure: 'ServiceMissing',
        message: 'ServiceMissing was played',
        relocation: 'app-1/*/a2',
      },
    ]);
  });

  it.each([
    ['the source is to blame', rolledBack('NotServing')],
    ['something is left behind', rolledBack('ServiceMissing', 1)],
    ['it was ended from outside', { ...rolledBack('ServiceMissing'), outcome: 'terminated' as const }],
  ])('tries no other target where %s', async (_, ended) => {
    const runs = new PlayedRuns();
    runs.course = () => ({ ms: 10, ended });
    await expect(evacuated(runs, named(1))).resolves.toMatchObject({ outcome: 'inPart', counts: { failed: 1 } });
    expect(runs.asked).toHaveLength(1);
  });

  it('joins who is moving these users already, and moves them itself where that came to nothing', async () => {
    const runs = new PlayedRuns();
    runs.others.set('app-0 *', { id: 'other', begunAt: 0, endsAt: 500, ended: rolledBack('Cancelled') });
    runs.others.set('app-1 *', { id: 'another', begunAt: 0, endsAt: 500, ended: moved });
    await expect(evacuated(runs, named(2))).resolves.toMatchObject({ outcome: 'evacuated', counts: { moved: 2 } });
    expect(runs.asked).toEqual(['app-0/*/a2']);
  });

  it('begins nothing while it is paused, and goes on after it', async () => {
    const runs = new PlayedRuns();
    runs.wanted = { window: 2, paused: true, cancelled: false };
    const run = attempt(runs, named(6));
    await run.passes(() => runs.wishes >= 2);
    expect(runs.asked).toEqual([]);
    runs.wanted = { ...runs.wanted, paused: false };
    await run.passes();
    await expect(run.result).resolves.toMatchObject({ outcome: 'evacuated', counts: { moved: 6 } });
  });

  it('moves more at once as soon as the operator wants it', async () => {
    const runs = new PlayedRuns();
    runs.wanted = { window: 2, paused: false, cancelled: false };
    runs.course = () => ({ ms: 1e12, ended: moved });
    const run = attempt(runs, named(6));
    await eventually(async () => runs.asked.length === 2);
    runs.wanted = { ...runs.wanted, window: 5 };
    await eventually(async () => runs.asked.length === 5);
    await run.passes();
    await expect(run.result).resolves.toMatchObject({ counts: { moved: 6 } });
    expect(runs.most).toBe(5);
  });

  it('begins the next one beside one that has failed and is still being undone, and awaits that all the same', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const runs = new PlayedRuns();
      runs.wanted = { window: 2, paused: false, cancelled: false };
      runs.course = ({ application }) => ({
        ms: application === 'app-0' ? 1e12 : 1_000,
        ended: application === 'app-0' ? rolledBack('LcmOperationFailed', 1) : moved,
      });
      const run = attempt(runs, named(8));
      await run.passes(() => runs.asked.length === 4);
      expect(runs.most).toBe(2);
      runs.undone.add('app-0/*/a2');
      vi.advanceTimersByTime(60_000);
      await eventually(() => runs.most === 3);
      await run.passes();
      await expect(run.result).resolves.toMatchObject({ outcome: 'inPart', counts: { moved: 7, failed: 1 } });
      expect(runs.most).toBe(3);
    } finally {
      vi.useRealTimers();
      await awake();
    }
  });

  describe('with thousands that may wait for a person', () => {
    const waiting = (): PlayedRuns => {
      const runs = new PlayedRuns();
      runs.course = () => ({ ms: 1e12, ended: moved });
      runs.others.set('app-7 *', { id: 'by-hand', begunAt: 0, endsAt: 1e12, ended: moved });
      return runs;
    };
    /** Ids in the last sign of life, which was given after this. */
    async function carried({ beats }: { readonly beats: readonly unknown[] }): Promise<readonly string[]> {
      const before = beats.length;
      await eventually(() => beats.length > before + 1);
      const { kept } = beats.at(-1) as { readonly kept: { readonly underWay: string } };
      return (JSON.parse(kept.underWay) as { id: string }[]).map(({ id }) => id);
    }

    it('carries along whom the index may not show yet, and whom it does not show as its own', async () => {
      vi.useFakeTimers({ toFake: ['performance'] });
      try {
        const first = attempt(waiting(), named(40));
        expect(await carried(first)).toHaveLength(40);
        vi.advanceTimersByTime(900_000);
        expect(await carried(first)).toEqual(['by-hand']);
        first.kill();
        await expect(first.result).rejects.toThrow('CANCELLED');
      } finally {
        vi.useRealTimers();
        await awake();
      }
    });

    it('carries along none whom the index has shown, and follows them all the same', async () => {
      const runs = waiting();
      const first = attempt(runs, named(40));
      expect(await carried(first)).toHaveLength(40);
      first.kill();
      await expect(first.result).rejects.toThrow('CANCELLED');
      await runs.pass(2_000);
      const asked = [...runs.asked];
      const next = attempt(runs, named(40), {}, first.beats.at(-1));
      expect(await carried(next)).toEqual(['by-hand']);
      expect(next.beats.at(-1)).toMatchObject({ kept: { counts: expect.stringMatching(/"underWay":40/) } });
      expect(runs.asked).toEqual(asked);
      next.kill();
      await expect(next.result).rejects.toThrow('CANCELLED');
    });
  });

  it('begins nothing more once it was cancelled, awaits what is under way, and says how much was left', async () => {
    const runs = new PlayedRuns();
    runs.wanted = { window: 2, paused: false, cancelled: false };
    runs.course = () => ({ ms: 1_000, ended: moved });
    const run = attempt(runs, named(6));
    await eventually(async () => runs.asked.length === 2);
    runs.wanted = { ...runs.wanted, cancelled: true };
    const { wishes } = runs;
    await eventually(async () => runs.wishes > wishes);
    await run.passes();
    await expect(run.result).resolves.toMatchObject({ outcome: 'cancelled', counts: { moved: 2, left: 4 } });
    expect(runs.asked).toHaveLength(2);
  });

  it('begins with whoever is found while others are looked for, and looks for nobody whom it has begun before', async () => {
    const runs = new PlayedRuns();
    const told = new Map<string, () => void>();
    runs.tells = async (name) => {
      if (name !== 'app-0') await new Promise<void>((resolve) => told.set(name, resolve));
    };
    const first = attempt(runs, named(3));
    await first.passes(() => runs.runs.has('app-0/*/a2') && told.size === 2);
    first.kill(); // app-0 is under way
    for (const tell of told.values()) tell();
    await expect(first.result).rejects.toThrow('CANCELLED');

    told.clear();
    const second = attempt(runs, named(3), {}, first.beats.at(-1));
    await second.passes(() => told.size === 2);
    expect(runs.lookedFor.filter((name) => name === 'app-0')).toHaveLength(1);
    for (const tell of told.values()) tell();
    await second.passes();
    await expect(second.result).resolves.toMatchObject({ outcome: 'evacuated', counts: { total: 3, moved: 3 } });
    expect(runs.asked.toSorted()).toEqual(['app-0/*/a2', 'app-1/*/a2', 'app-2/*/a3']);
  });

  it('that was cancelled asks nobody who is there still, and so ends however silent they are', async () => {
    const runs = new PlayedRuns();
    runs.wanted = { window: 2, paused: false, cancelled: true };
    await expect(evacuated(runs, named(6))).resolves.toMatchObject({ outcome: 'cancelled', counts: { total: 0 } });
    expect(runs.asked).toEqual([]);
  });

  it('begins nothing after its deadline', async () => {
    const runs = new PlayedRuns();
    const over = { deadline: new Date(Date.now() - 1_000).toISOString() };
    await expect(evacuated(runs, named(6), over)).resolves.toMatchObject({
      outcome: 'deadlinePassed',
      counts: { left: 6 },
    });
    expect(runs.asked).toEqual([]);
  });

  it('goes by the clock of the server, which that of its worker may be hours ahead of', async () => {
    const [runs, over] = [new PlayedRuns(), { deadline: new Date(Date.now() - HOUR_MS).toISOString() }];
    const { result, passes } = attempt(runs, named(2), over, undefined, Date.now() - 2 * HOUR_MS);
    await passes();
    await expect(result).resolves.toMatchObject({ outcome: 'evacuated', counts: { moved: 2 } });
  });

  it('ends every wait when its worker stops', async () => {
    const runs = new PlayedRuns();
    runs.course = () => ({ ms: 1e12, ended: moved });
    const run = attempt(runs, named(60));
    await eventually(async () => runs.asked.length === 50);
    run.kill();
    await expect(run.result).rejects.toThrow('CANCELLED');
  });
});

describe('what is accepted', () => {
  it('is accepted of each of its relocations, and nothing where nothing was said', async () => {
    const [told, untold] = [new PlayedRuns(), new PlayedRuns()];
    await evacuated(told, named(3), { accept: 'none' });
    await evacuated(untold, named(3));
    const accepted = (runs: PlayedRuns) => [...runs.runs.values()].map(({ request }) => request.accept);
    expect(accepted(told)).toEqual(['none', 'none', 'none']);
    expect(accepted(untold)).toEqual([undefined, undefined, undefined]);
  });
});

describe('the return of an evacuation', () => {
  const home: Partial<EvacuateOrder> = {
    evacuation: 'a1.back',
    returns: 'a1.run',
    among: ['a2', 'a3'],
    workflowId: 'return:a1',
  };
  const gone = (application: string, target: string, more: Partial<Begun> = {}): Begun => ({
    id: `${application}/${target}`,
    own: true,
    application,
    users: '*',
    source: 'a1',
    target,
    startedAt: '2026-01-01T00:00:00.000Z',
    outcome: 'relocated',
    ...more,
  });

  it('moves each back from where it went last, with what was accepted then; and nobody who never went', async () => {
    const runs = new PlayedRuns();
    runs.earlier = [
      gone('app-0', 'a2', { outcome: 'rolledBack', startedAt: '2026-01-01T00:00:00.000Z' }),
      gone('app-0', 'a3', { accept: 'none', startedAt: '2026-01-01T00:00:01.000Z' }),
      gone('app-1', 'a2', { outcome: 'refused' }),
      gone('app-2', 'a4', { users: 'ue-1', outcome: 'relocatedSourceKept' }),
      gone('app-3', 'a5', { outcome: undefined }), // the index does not show its end yet
    ];
    await expect(evacuated(runs, named(4), home)).resolves.toMatchObject({
      outcome: 'returned',
      counts: { total: 3, moved: 3, failed: 0 },
    });
    const begun = [...runs.runs.values()].map(({ request }) => request);
    expect(begun.toSorted((a, b) => (a.application < b.application ? -1 : 1))).toEqual([
      { application: 'app-0', users: '*', source: 'a3', target: 'a1', accept: 'none', cutOver: 'immediately' },
      { application: 'app-2', users: 'ue-1', source: 'a4', target: 'a1', cutOver: 'immediately' },
      { application: 'app-3', users: '*', source: 'a5', target: 'a1', cutOver: 'immediately' },
    ]);
    expect(runs.wishedOf).toBe('return:a1');
  });

  it('lists those that cannot come, and goes on with the others; asked again it leaves alone who is there', async () => {
    const runs = new PlayedRuns();
    runs.earlier = [gone('app-0', 'a2'), gone('app-1', 'a2')];
    runs.course = ({ application }) => ({ ms: 10, ended: application === 'app-0' ? rolledBack('NotServing') : moved });
    await expect(evacuated(runs, named(2), home)).resolves.toMatchObject({
      outcome: 'inPart',
      counts: { total: 2, moved: 1, failed: 1 },
      failures: [{ application: 'app-0', target: 'a1', failure: 'NotServing' }],
    });
    const again = new PlayedRuns();
    again.earlier = runs.earlier;
    again.servedHome.add('app-1');
    await expect(evacuated(again, named(2), home)).resolves.toMatchObject({ counts: { total: 1, moved: 1 } });
    expect(again.asked).toEqual(['app-0/*/a1']);
  });
});
