import { Agent, request } from 'node:http';
import { type AddressInfo, createServer, Server } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { failure } from '../../activities/failure.ts';
import { WorkerMetrics } from '../../worker/metrics.ts';
import { faultyServer } from '../support/faulty-server.ts';

let metrics: WorkerMetrics;
let port: number;
let close: () => void;
/** Is given the port which the worker has just found to be free. */
const other = createServer();
beforeAll(async () => {
  const closing = vi.spyOn(Server.prototype, 'close');
  closing.mockImplementationOnce(function (this: Server, done) {
    const { port: found } = this.address() as AddressInfo;
    closing.mockRestore();
    this.close(done);
    other.listen(found);
    return this;
  });
  // As the worker installs it; a process has one
  metrics = await WorkerMetrics.install({ telemetryOptions: { logging: { filter: 'ERROR' } }, shutdownSignals: [] });
  const server = await metrics.serve('127.0.0.1', 0, ['ferry.example']);
  ({ port } = server.address() as AddressInfo);
  close = () => server.close();
});
afterAll(() => {
  close();
  other.close();
});

async function asked(path = '/metrics', host = `127.0.0.1:${port}`, method = 'GET'): Promise<[number, string]> {
  return await new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    request({ host: '127.0.0.1', port, path, method, agent, headers: { host } }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      res.on('end', () => resolve([res.statusCode ?? 0, text]));
    })
      .on('error', reject)
      .end();
  });
}
const lines = async (name: string): Promise<string[]> =>
  (await asked())[1].split('\n').filter((line) => line.startsWith(name));

async function step(activityType: string, ends: () => Promise<unknown>): Promise<void> {
  const [factory] = metrics.interceptors.activity ?? [];
  const { inbound } = factory?.({ info: { activityType } } as never) ?? {};
  await inbound?.execute?.({ args: [], headers: {} }, ends).catch(() => undefined);
}

describe('the metrics of a worker', () => {
  it('tell each call of a peer by its name and what it answered, and no path of it', async () => {
    const peer = await faultyServer(({ path }) => ({ status: path.startsWith('/no') ? 799 : 200 }));
    const signal = AbortSignal.timeout(10_000);
    await peer.exchange.ask({ method: 'GET', path: '/yes/ue-1' }, signal);
    await peer.exchange.ask({ method: 'GET', path: '/no/ue-1' }, signal).catch(() => undefined);
    await peer.close();
    await peer.exchange.ask({ method: 'GET', path: '/yes' }, signal).catch(() => undefined);
    expect(await lines('ferry_peer_calls_total')).toEqual([
      'ferry_peer_calls_total{peer="peer",status="200"} 1',
      'ferry_peer_calls_total{peer="peer",status="other"} 1',
      'ferry_peer_calls_total{peer="peer",status="no answer"} 1',
    ]);
    expect(await lines('ferry_peer_call_seconds_count')).toEqual(['ferry_peer_call_seconds_count{peer="peer"} 3']);
  });

  it('tell each attempt of a step by how it ended, in words of ours only', async () => {
    await step('checkRelocation', async () => undefined);
    await step('checkRelocation', async () => await Promise.reject(failure('PeerUnavailable', 'away')));
    await step('checkRelocation', async () => await Promise.reject(new Error('a bug')));
    const strange = ApplicationFailure.create({ type: 'of ue-1' });
    await step('switchBack', async () => await Promise.reject(strange));
    expect(await lines('ferry_step_attempts_total')).toEqual([
      'ferry_step_attempts_total{step="checkRelocation",outcome="done"} 1',
      'ferry_step_attempts_total{step="checkRelocation",outcome="PeerUnavailable"} 1',
      'ferry_step_attempts_total{step="checkRelocation",outcome="Unexpected"} 1',
      'ferry_step_attempts_total{step="switchBack",outcome="Unexpected"} 1',
    ]);
  });

  it("are one text with those of the SDK, in which a name's type is told once", async () => {
    Runtime.instance().metricMeter.createCounter('ferry_relocations_ended').add(1, { outcome: 'relocated' });
    expect(await lines('ferry_relocations_ended')).toEqual([
      expect.stringMatching(/^ferry_relocations_ended_total\{.*outcome="relocated".*\} 1$/),
    ]);
    const types = (await lines('# TYPE')).map((line) => line.split(' ')[2]);
    expect(new Set(types).size).toBe(types.length);
    expect(types).toContain('process_cpu_seconds_total');
  });

  it('are shown although somebody else was given the port that had been free for them', async () => {
    expect(other.listening).toBe(true);
    expect((await asked())[0]).toBe(200);
  });

  it('are shown to whoever asks for them by a name of ours, and to nobody else', async () => {
    expect((await asked('/metrics', `localhost:${port}`))[0]).toBe(200);
    expect((await asked('/metrics', 'ferry.example'))[0]).toBe(200);
    expect((await asked('/metrics', 'evil.example'))[0]).toBe(421);
    expect((await asked('/'))[0]).toBe(404);
    expect((await asked('/metrics', undefined, 'POST'))[0]).toBe(405);
  });
});
