import { createHash, randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import type { WorkflowHandleWithStartDetails } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, NativeConnection } from '@temporalio/worker';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { surveyActivities, type Surveying } from '../../activities/survey.ts';
import type { Catalogue, PeerSurvey } from '../../activities/ports.ts';
import type { Pace } from '../../configuration/peers.ts';
import { type PeerSeen, seenNow } from '../../domain/peer-seen.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { WorkerMetrics } from '../../worker/metrics.ts';
import type { Dying } from './dying.ts';
import { newNamespace } from './namespace.ts';
import { OneWorker } from './one-worker.ts';
import { quickPace } from './pace.ts';
import { skippingTime } from './time-skipping.ts';
import { workflowBundle } from './workflow-bundle.ts';
import type { RelocationOrder } from '../../workflows/messages.ts';
import type { relocateApplication } from '../../workflows/relocation/relocate-application.ts';

export { quickPace } from './pace.ts';

// As Ferry's own worker has it: stacks that the SDK takes of a workflow's promises
setFlagsFromString('--stack-trace-limit=3');
const logger = new DefaultLogger('ERROR');
/** What the workers of this process show: of the SDK, and of workflows. */
export const workerMetrics = await WorkerMetrics.install({
  logger,
  telemetryOptions: { logging: { filter: 'ERROR' } },
  shutdownSignals: [],
});
const { TEST_TEMPORAL_ADDRESS: ofTheRun } = process.env;
// The runtime ends with its last connection, and with the next it would be made anew at its port: somebody's by then
if (ofTheRun !== undefined) await NativeConnection.connect({ address: ofTheRun });

/** Of a world at the height of the ports. */
export const surveying = {
  survey: async (): Promise<readonly PeerSurvey[]> => [
    { name: 'meo', kind: 'meo', reachable: true, detail: '', capabilities: [] },
  ],
  look: async (): Promise<readonly PeerSeen[]> => [seenNow('meo', null, '2026-01-01T00:00:00.000Z')],
} satisfies Surveying;

type Handle = WorkflowHandleWithStartDetails<typeof relocateApplication>;

/** The real engine, on a real dev server: workflows and activities as they are, over any world. */
export class Engine {
  readonly environment: TestWorkflowEnvironment;
  /** Of its worker. */
  readonly taskQueue = `test-${randomUUID()}`;

  readonly #stopServer: () => Promise<void>;
  #worker: OneWorker | undefined;

  constructor(environment: TestWorkflowEnvironment, stopServer: () => Promise<void> = async () => undefined) {
    this.environment = environment;
    this.#stopServer = stopServer;
  }

  /** On the dev server of the test run, else on one of its own. */
  static async start(cli: string): Promise<Engine> {
    if (ofTheRun !== undefined) {
      const existing = { address: ofTheRun, namespace: await newNamespace(ofTheRun) };
      return new Engine(await TestWorkflowEnvironment.createFromExistingServer(existing));
    }
    return new Engine(
      await TestWorkflowEnvironment.createLocal({
        server: {
          executable: { type: 'existing-path', path: cli },
          searchAttributes: Object.values(searchAttributes),
          log: { format: 'pretty', level: 'error' },
        },
      }),
    );
  }

  /** On the time-skipping server: hours pass at once while nothing but timers is waited for. */
  static async skippingTime(testServer: string): Promise<Engine> {
    const { environment, stop } = await skippingTime(testServer);
    // It has no start option for them, and fails each upsert of one that it does not know
    const KEYWORD = 2;
    await environment.connection.operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: Object.fromEntries(Object.values(searchAttributes).map(({ name }) => [name, KEYWORD])),
    });
    return new Engine(environment, stop);
  }

  async stop(): Promise<void> {
    await this.#worker?.stop();
    await this.environment.teardown();
    await this.#stopServer();
  }

  /** Of the same server, with a worker of its own: who waits most of the time waits beside others. */
  async apart<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
    const own = new Engine(this.environment);
    try {
      return await work(own);
    } finally {
      await own.#worker?.stop();
    }
  }

  /** Runs `scenario` beside a worker with that catalogue; `dying`: it is killed again and again. */
  async over(
    world: Catalogue,
    scenario: (start: (request?: Partial<RelocationRequest>, pace?: Partial<Pace>) => Promise<Handle>) => Promise<void>,
    dying?: Dying,
  ): Promise<void> {
    const catalogue = dying?.catalogue(world) ?? world;
    const means = {
      catalogue,
      pace: quickPace,
      digest: (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 25),
      turns: takingTurns(),
    };
    const begun: Handle[] = [];
    const activities = { ...relocationActivities(means), ...surveyActivities(surveying) };
    await this.beside(dying?.activities(activities) ?? activities, async () => {
      await scenario(async (request, pace) => {
        const order: RelocationOrder = {
          request: {
            application: 'counter',
            users: '*',
            source: 'cloud',
            target: 'a1',
            cutOver: 'immediately',
            ...request,
          },
          direction: 'cloudToMec',
          pace: { ...quickPace, ...pace },
        };
        const handle = await this.environment.client.workflow.start<typeof relocateApplication>('relocateApplication', {
          workflowId: `relocation:${randomUUID()}`,
          taskQueue: this.taskQueue,
          args: [order],
        });
        begun.push(handle);
        return handle;
      });
    });
    for (const handle of begun) await handle.terminate().catch(() => undefined); // those that have ended refuse it
  }

  /** Runs `scenario` beside a worker with these activities: one for all scenarios, who skips time has one for each. */
  async beside<T>(activities: object, scenario: () => Promise<T>): Promise<T> {
    const worker = this.#worker ?? (await OneWorker.start(this.environment, this.taskQueue, workflowBundle));
    if (!this.environment.supportsTimeSkipping) this.#worker = worker;
    try {
      return await worker.beside(activities, scenario);
    } finally {
      if (worker !== this.#worker) await worker.stop();
    }
  }
}
