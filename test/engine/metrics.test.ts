import { describe, expect, it } from 'vitest';
import { stepNames } from '../../domain/steps.ts';
import { quickPace, workerMetrics } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { Served } from '../support/api.ts';
import { alone, over, reached, starting } from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

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
        const oldest = (await lines(api, 'ferry_relocation_oldest_seconds{state="held"}'))[0] ?? '';
        expect(Number(oldest.split(' ')[1])).toBeGreaterThan(0);
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

describe('the metrics of a worker', () => {
  const shown = async (name: string): Promise<string[]> =>
    (await workerMetrics.text()).split('\n').filter((line) => line.startsWith(name));
  const tags = (line: string): Record<string, string> =>
    Object.fromEntries(
      [...line.matchAll(/(direction|outcome|type|step|undo)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    );

  it('tell how a relocation ended, why, and how long it and its steps took, once, and with words of ours only', async () => {
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
    expect((await shown('ferry_relocations_ended_total')).map((line) => [tags(line), line.split(' ').at(-1)])).toEqual(
      expect.arrayContaining([
        [{ direction, outcome: 'relocated' }, '1'],
        [{ direction, outcome: 'rolledBack' }, '1'],
      ]),
    );
    expect((await shown('ferry_relocation_failures_total')).map(tags)).toEqual([
      { direction, type: 'TargetRefused', step: 'instance' },
    ]);
    expect((await shown('ferry_relocation_freeze_seconds_count')).map(tags)).toEqual([{ direction }]);
    const steps = (await shown('ferry_relocation_step_seconds_count')).map((line) => tags(line)['step']);
    expect(new Set(steps)).toEqual(new Set(stepNames));
    expect(await shown('temporal_activity_execution_latency')).not.toEqual([]);
  });
});
