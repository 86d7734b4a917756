import { describe, expect, it } from 'vitest';
import { stepNames } from '../../domain/steps.ts';
import { quickPace, workerMetrics } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { Served } from '../support/api.ts';
import { alone, over, reached, starting, servedByTheEngine } from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

servedByTheEngine();

/** No step of these runs out of its time, however busy the others make the machine: what is counted is how they end. */
const patient = { ...quickPace, stepMs: 60_000, operationMs: 60_000, handOverMs: 60_000, heartbeatMs: 30_000 };
const LIMIT_MS = 60_000;

const lines = async (api: Served, name: string): Promise<string[]> => {
  const { status, headers, body } = await api.get<string>('/metrics');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return body.split('\n').filter((line) => line.startsWith(name));
};

describe('the metrics of the API', () => {
  it('tell how many relocations stand where, since when, and who polls, without a name of any', async () => {
    await over(
      new PortWorld(),
      async (api) => {
        const { body } = await starting(api, { cutOver: { approval: true } });
        await reached(api, body, 'held', LIMIT_MS);
        await api.post('/v1/holds', { site: 'a2', why: 'new memory' });
        // Temporal's index is some time behind, and is asked every ten seconds at most
        await eventually(
          async () => (await lines(api, 'ferry_relocations{')).includes('ferry_relocations{state="held"} 1'),
          60_000,
          1_000,
        );
        expect((await lines(api, 'ferry_relocations{')).toSorted()).toEqual([
          'ferry_relocations{state="held"} 1',
          'ferry_relocations{state="parked"} 0',
          'ferry_relocations{state="paused"} 0',
          'ferry_relocations{state="running"} 1',
        ]);
        const waiting = await lines(api, 'ferry_waiting{');
        expect(waiting).toHaveLength(10);
        expect(waiting.filter((line) => !line.endsWith(' 0'))).toEqual([
          'ferry_waiting{kind="relocation",state="held"} 1',
          'ferry_waiting{kind="hold",state="held"} 1',
        ]);
        const oldest = (await lines(api, 'ferry_relocation_oldest_seconds{state="held"}'))[0] ?? '';
        expect(Number(oldest.split(' ')[1])).toBeGreaterThan(0);
        const none = 'ferry_relocation_oldest_seconds{state="parked"}';
        expect(await lines(api, none)).toEqual([`${none} 0`]);
        expect(await lines(api, 'ferry_pollers')).toEqual(
          expect.arrayContaining(['ferry_pollers{queue="steps"} 1', 'ferry_pollers{queue="waits"} 1']),
        );
        expect(await lines(api, 'ferry_temporal_up')).toEqual(['ferry_temporal_up 1']);
        expect((await api.get<string>('/metrics')).body).not.toContain(body.id);
      },
      patient,
    );
  });

  it('and readiness tell that no worker polls, and that one does', async () => {
    await alone(async (api) => {
      expect(await lines(api, 'ferry_pollers{queue="steps"}')).toEqual(['ferry_pollers{queue="steps"} 0']);
      await expect(api.get('/health/ready')).resolves.toMatchObject({ status: 200, body: { workers: 'none' } });
    });
    await over(new PortWorld(), async (api) => {
      await eventually(
        async () => (await api.get<{ workers: string }>('/health/ready')).body.workers === 'polling',
        30_000,
        200,
      );
    });
  });
});

/** What the metrics of this process's worker have become more: other files had it before. */
async function shownMore(): Promise<(name: string) => Promise<[line: string, more: number][]>> {
  const valuesOf = (text: string): Map<string, number> =>
    new Map(text.split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  const before = valuesOf(await workerMetrics.text());
  return async (name) =>
    [...valuesOf(await workerMetrics.text())]
      .filter(([line]) => line.startsWith(name))
      .map(([line, value]): [string, number] => [line, value - (before.get(line) ?? 0)])
      .filter(([, more]) => more > 0);
}

describe('the metrics of a worker', () => {
  const tags = (line: string): Record<string, string> =>
    Object.fromEntries(
      [...line.matchAll(/(direction|outcome|type|step|undo)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    );

  it('tell how a relocation ended, why, and how long it and its steps took, once, and with words of ours only', async () => {
    const more = await shownMore();
    await over(
      new PortWorld(),
      async (api) => {
        const { body } = await starting(api);
        await reached(api, body, 'ended', LIMIT_MS);
      },
      patient,
    );
    await over(
      new PortWorld().on('a1.instances.instantiate', 'TargetRefused'),
      async (api) => {
        const { body } = await starting(api);
        await reached(api, body, 'ended', LIMIT_MS);
      },
      patient,
    );
    const direction = 'cloudToMec';
    expect((await more('ferry_relocations_ended_total')).map(([line, value]) => [tags(line), value])).toEqual(
      expect.arrayContaining([
        [{ direction, outcome: 'relocated' }, 1],
        [{ direction, outcome: 'rolledBack' }, 1],
      ]),
    );
    const tagsOf = async (name: string) => (await more(name)).map(([line]) => tags(line));
    expect(await tagsOf('ferry_relocation_failures_total')).toEqual([
      { direction, type: 'TargetRefused', step: 'instance' },
    ]);
    expect(await tagsOf('ferry_relocation_freeze_seconds_count')).toEqual([{ direction }]);
    const steps = (await tagsOf('ferry_relocation_step_seconds_count')).map(({ step }) => step);
    expect(new Set(steps)).toEqual(new Set(stepNames));
    expect(await more('temporal_activity_execution_latency')).not.toEqual([]);
  });
});
