import { once } from 'node:events';
import { createServer as createTrial, type AddressInfo } from 'node:net';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { Runtime, type RuntimeOptions, type WorkerInterceptors } from '@temporalio/worker';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { outcomeOf } from '../activities/failure.ts';
import { isOurs } from '../configuration/hosts.ts';
import { buckets, metrics } from '../domain/metrics.ts';
import { type PeerCall, peerCalls } from '../traces/told.ts';

const SDK_MS = 2_000;
const PORTS_TRIED = 5;

const shown = {
  countersTotalSuffix: true,
  useSecondsForDurations: true,
  histogramBucketOverrides: {
    [metrics.freeze.name]: [...buckets.freeze],
    [metrics.took.name]: [...buckets.step],
    [metrics.stepTook.name]: [...buckets.step],
  },
};

/** A worker's metrics as one text: its own, and those of the SDK, whose exporter listens on loopback for us alone. */
export class WorkerMetrics {
  readonly #registry = new Registry();
  readonly #sdk: string;
  readonly interceptors: WorkerInterceptors;

  private constructor(sdk: string) {
    this.#sdk = sdk;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    const attempts = new Counter({ ...metrics.attempts, labelNames: ['step', 'outcome'], registers });
    const attemptTook = new Histogram({
      ...metrics.attemptTook,
      labelNames: ['step'],
      buckets: [...buckets.step],
      registers,
    });
    const calls = new Counter({ ...metrics.calls, labelNames: ['peer', 'status'], registers });
    const callTook = new Histogram({
      ...metrics.callTook,
      labelNames: ['peer'],
      buckets: [...buckets.call],
      registers,
    });
    peerCalls.subscribe((told) => {
      const {
        begun: { peer },
        outcome,
        ms,
      } = told as PeerCall;
      calls.inc({ peer, status: statusOf(outcome) });
      callTook.observe({ peer }, ms / 1_000);
    });
    this.interceptors = {
      activity: [
        ({ info: { activityType: step } }) => ({
          inbound: {
            async execute(input, next) {
              const done = attemptTook.startTimer({ step });
              let outcome = 'done';
              try {
                return await next(input);
              } catch (error) {
                outcome = outcomeOf(error);
                throw error;
              } finally {
                done();
                attempts.inc({ step, outcome });
              }
            },
          },
        }),
      ],
    };
  }

  /**
   * Installs the runtime of the SDK with these options, so that it shows us its metrics. Throws what the SDK does, such as
   * where there is one already.
   */
  static async install(options: RuntimeOptions): Promise<WorkerMetrics> {
    for (let left = PORTS_TRIED; ; left -= 1) {
      const bindAddress = `127.0.0.1:${await freePort()}`;
      const exporter = { prometheus: { bindAddress, ...shown } };
      try {
        Runtime.install({ ...options, telemetryOptions: { ...options.telemetryOptions, metrics: exporter } });
        return new WorkerMetrics(`http://${bindAddress}/metrics`);
      } catch (error) {
        // Whoever else opens a connection in this moment may be given the port
        if (left === 1 || !/in use/.test(String(error))) throw error;
      }
    }
  }

  async text(): Promise<string> {
    const sdk = await fetch(this.#sdk, { signal: AbortSignal.timeout(SDK_MS) });
    return `${await this.#registry.metrics()}${await sdk.text()}`;
  }

  /** `GET /metrics`, under the names under which the API may be asked. */
  async serve(host: string, port: number, hosts: readonly string[]): Promise<Server> {
    const server = createServer((req, res) => {
      void this.#answered(req, new Set(hosts)).then(({ status, text, type = 'text/plain' }) =>
        res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text),
      );
    });
    await once(server.listen(port, host), 'listening');
    return server.unref();
  }

  async #answered({ method, url, headers, socket }: IncomingMessage, hosts: ReadonlySet<string>): Promise<Answered> {
    if (!isOurs((headers.host ?? '').toLowerCase(), socket.localPort, hosts)) return refused(421);
    if (url !== '/metrics') return refused(404);
    if (method !== 'GET') return refused(405);
    try {
      return { status: 200, text: await this.text(), type: this.#registry.contentType };
    } catch {
      return refused(503);
    }
  }
}

const refused = (status: number): Answered => ({ status, text: `${STATUS_CODES[status]}\n` });

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
}

/** A peer may answer with whatever number: those that mean nothing are one. */
function statusOf(outcome: PeerCall['outcome']): string {
  if ('outcome' in outcome) return outcome.outcome;
  return outcome.status in STATUS_CODES ? String(outcome.status) : 'other';
}

/** The SDK does not tell which port it got. */
async function freePort(): Promise<number> {
  const trial = createTrial().listen(0, '127.0.0.1');
  await once(trial, 'listening');
  const { port } = trial.address() as AddressInfo;
  await once(trial.close(), 'close');
  return port;
}
