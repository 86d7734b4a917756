import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { WorkflowHandleWithStartDetails } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { surveyActivities } from '../../activities/survey.ts';
import type { Catalogue, PeerSurvey } from '../../activities/ports.ts';
import { isBuilt } from '../../cli/built.ts';
import { Pace } from '../../configuration/peers.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { bundleWorkflows } from '../../temporal/bundle.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { WorkerMetrics } from '../../worker/metrics.ts';
import { FerryWorkers } from '../../worker/workers.ts';
import { busy } from './busy.ts';
import { newNamespace } from './namespace.ts';
import { skippingTime } from './time-skipping.ts';
import type { RelocationOrder } from '../../workflows/messages.ts';
import type { relocateApplication } from '../../workflows/relocation/relocate-application.ts';

const logger = new DefaultLogger('ERROR');
/** What the worker of these tests shows: of the SDK, and of workflows. */
export const { metrics: workerMetrics, telemetry } = await WorkerMetrics.open();
Runtime.install({ logger, telemetryOptions: { ...telemetry, logging: { filter: 'ERROR' } }, shutdownSignals: [] });

const built = new URL('../../dist/workflow-bundle.js', import.meta.url);
export const workflowBundle = { code: isBuilt() ? await readFile(built, 'utf8') : await bundleWorkflows() };

/** What a step may take on a machine that has nothing else to do: where a busy one ran out of it, runs rolled back by themselves. */
const within = (ms: number): number => Math.round(ms * busy());

export const quickPace: Pace = {
  ...Pace.parse({}),
  attemptMs: 1_000,
  stepMs: within(3_000),
  handOverMs: within(3_000),
  operationMs: within(5_000),
  heartbeatMs: within(2_000),
  pollMs: 5,
  insistMs: within(3_000),
  quietMs: 100,
  drainLimitMs: 400,
  retryMs: 20,
  deadMs: 50,
};

/** Of a world at the height of the ports. */
export const survey = async (): Promise<readonly PeerSurvey[]> => [
  { name: 'meo', kind: 'meo', reachable: true, detail: '', capabilities: [] },
];

type Handle = WorkflowHandleWithStartDetails<typeof relocateApplication>;

/** The real engine, on a real dev server: workflows and activities as they are, over any world. */
export class Engine {
  readonly environment: TestWorkflowEnvironment;

  readonly #stopServer: () => Promise<void>;

  constructor(environment: TestWorkflowEnvironment, stopServer: () => Promise<void> = async () => undefined) {
    this.environment = environment;
    this.#stopServer = stopServer;
  }

  /** On the dev server of the test run, else on one of its own. */
  static async start(cli: string): Promise<Engine> {
    const address = process.env['TEST_TEMPORAL_ADDRESS'];
    if (address !== undefined) {
      const namespace = await newNamespace(address);
      return new Engine(await TestWorkflowEnvironment.createFromExistingServer({ address, namespace }));
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
    await this.environment.teardown();
    await this.#stopServer();
  }

  /** Runs `scenario` beside a worker with that catalogue. */
  async over(
    catalogue: Catalogue,
    scenario: (start: (request?: Partial<RelocationRequest>, pace?: Partial<Pace>) => Promise<Handle>) => Promise<void>,
  ): Promise<void> {
    const taskQueue = `test-${randomUUID()}`;
    const means = {
      catalogue,
      pace: quickPace,
      digest: (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 25),
      turns: takingTurns(),
    };
    const workers = await FerryWorkers.create({
      connection: this.environment.nativeConnection,
      namespace: this.environment.namespace ?? 'default',
      workflowBundle,
      taskQueue,
      activities: { ...relocationActivities(means), ...surveyActivities(survey) },
      capacity: { slots: { steps: 100, waits: 2_000 }, maxCachedWorkflows: 500 },
    });
    await workers.runUntil(
      scenario(async (request, pace) => {
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
        return await this.environment.client.workflow.start<typeof relocateApplication>('relocateApplication', {
          workflowId: `relocation:${randomUUID()}`,
          taskQueue,
          args: [order],
        });
      }),
    );
  }
}
