import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import * as agreements from '../../catalogue/agreements.ts';
import type { FindingMeans } from '../../activities/federation/finding.ts';
import type { DiscoveryFound } from '../../api/discovery.ts';
import { Questions } from '../../api/finding.ts';
import { Federation } from '../../configuration/federation.ts';
import { type By, type Query, textOf, type Wish } from '../../domain/wish.ts';
import { digest } from '../../configuration/digest.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import { answerOf, discoveryId, discoveryOf } from '../../temporal/finding.ts';
import { federationId } from '../../temporal/tending.ts';
import { federationOf } from '../../worker/federation.ts';
import { waking } from '../../worker/tending.ts';
import { type Answer, Served } from './api.ts';
import type { CatalogueOfTest } from './catalogue.ts';
import type { Engine } from './engine.ts';
import type { PlayedPartner } from './played-partner.ts';

const PATIENCE_MS = 60_000;

export interface DiscoveringPlan {
  /** By their names. */
  readonly partners: Readonly<Record<string, PlayedPartner>>;
  /** Of the configuration, by name. */
  readonly more?: Readonly<Record<string, object>>;
  readonly pace?: object;
  readonly orchestrators?: FindingMeans['orchestrators'];
}

/** A worker and an API of one Ferry, and partners to ask. */
export class Discovering {
  readonly federation: Federation;
  readonly logged: string[] = [];
  /** Workflow ids of whatever was asked: the next test asks the same. */
  readonly #runs = new Set<string>();
  readonly #engine: Engine;
  readonly #own: CatalogueOfTest;
  readonly #plan: DiscoveringPlan;
  readonly #ours: { readonly taskQueue: string; readonly world: string };
  #api!: Served;

  private constructor(engine: Engine, own: CatalogueOfTest, plan: DiscoveringPlan) {
    [this.#engine, this.#own, this.#plan] = [engine, own, plan];
    this.#ours = { taskQueue: engine.taskQueue, world: 'test' };
    const [first] = Object.values(plan.partners);
    const partners = Object.fromEntries(
      Object.entries(plan.partners).map(([name, played]) => {
        played.operator = `operator-${name}`;
        const { b } = played.federation({ partner: { ...plan.more?.[name], operator: `operator-${name}` } }).partners;
        return [name, { ...b, accepts: { issuer: 'own', client: `ferry-${name}` } }];
      }),
    );
    this.federation = Federation.parse({ ...first?.federation({ pace: plan.pace ?? {} }), partners });
  }

  static async over(
    engine: Engine,
    own: CatalogueOfTest,
    plan: DiscoveringPlan,
    scenario: (discovering: Discovering) => Promise<void>,
  ): Promise<void> {
    const discovering = new Discovering(engine, own, plan);
    const ours = discovering.#ours;
    const { environment } = engine;
    const { federation } = discovering;
    const log = pino({ level: 'debug' }, { write: (line) => void discovering.logged.push(line) });
    const around = {
      wake: waking(environment.client, ours),
      ...(plan.orchestrators && { orchestrators: plan.orchestrators }),
    };
    const activities = federationOf(federation, own.catalogue, 60_000, log, around);
    discovering.#api = await Served.start({
      temporal: environment.client,
      taskQueue: ours.taskQueue,
      federation,
      federating: {
        catalogue: own.catalogue,
        access: { admit: () => (_req, _res, next) => next(), callerOf: () => ({ issuer: '', client: '', scopes: [] }) },
        changed: () => undefined,
      },
    });
    try {
      await engine.beside(activities, async () => await discovering.#quietly(scenario));
    } finally {
      await discovering.#api.stop();
    }
  }

  async #quietly(scenario: (discovering: Discovering) => Promise<void>): Promise<void> {
    try {
      await scenario(this);
    } finally {
      await this.#quiet();
    }
  }

  /** As if it had been joined; tending does it elsewhere. */
  async join(name: string): Promise<void> {
    const partner = this.#plan.partners[name];
    if (partner === undefined) throw new Error(`nobody plays ${name}`);
    const { catalogue } = this.#own;
    partner.context ??= randomUUID();
    const agreement = await agreements.begin(catalogue, { partner: name, direction: 'uses' });
    await agreements.contextGiven(catalogue, agreement, { context: partner.context, zones: [], capabilities: {} });
    await agreements.heard(catalogue, agreement, new Date(), { theirs: 'open', linkMs: 4, capabilities: {} });
    await agreements.joinedNow(catalogue, agreement);
  }

  async platforms(wish: Wish, waitSeconds?: number): Promise<Answer<DiscoveryFound>> {
    return await this.#ask({ find: 'platforms', wish }, waitSeconds);
  }

  async systems(by: By): Promise<Answer<DiscoveryFound>> {
    return await this.#ask({ find: 'systems', by });
  }

  async #ask(query: Query, waitSeconds = 10): Promise<Answer<DiscoveryFound>> {
    this.#runs.add(discoveryId(digest(textOf(query))));
    return await this.#api.post<DiscoveryFound>(`/v1/discoveries?waitSeconds=${waitSeconds}`, query);
  }

  async again(id: string): Promise<Answer<DiscoveryFound>> {
    return await this.#api.get<DiscoveryFound>(`/v1/discoveries/${id}`);
  }

  /** A run for what is known already: whoever started it did not see that yet. */
  async anew(wish: Wish): Promise<{ readonly id: string }> {
    const query: Query = { find: 'platforms', wish };
    const of = digest(textOf(query));
    const order = { query, digest: of, pace: this.federation.pace };
    const { workflow } = this.#engine.environment.client;
    const run = await workflow.start('discoverPlatforms', discoveryOf(order, 'again', this.#ours));
    await run.result();
    return { id: `${of}.${run.firstExecutionRunId}` };
  }

  /** A partner's question to our orchestrators. */
  async answers(wish: Wish): Promise<{ readonly workflowId: string }> {
    const query: Query = { find: 'platforms', wish };
    const order = { query, digest: digest(`answer ${textOf(query)}`), pace: this.federation.pace };
    const { workflow } = this.#engine.environment.client;
    const run = await workflow.start('answerPartner', answerOf(order, 'speech', this.#ours));
    await run.result();
    return { workflowId: run.workflowId };
  }

  /**
   * As one program of our API has our orchestrators asked for a partner; true: they were. `started`: is called when Temporal
   * has told it of a run.
   */
  refreshing(started: () => void): (wish: Wish) => Promise<boolean> {
    const { client } = this.#engine.environment;
    const start: typeof client.workflow.start = async (...order) => {
      const run = await client.workflow.start(...order);
      started();
      return run;
    };
    const [withDeadline, withAbortSignal] = [client.withDeadline.bind(client), client.withAbortSignal.bind(client)];
    const temporal = { workflow: { start }, withDeadline, withAbortSignal } as unknown as Client;
    const refresh = new Questions(temporal, this.#ours, this.federation.pace).refreshing(pino({ level: 'silent' }));
    return async (wish) => {
      const query: Query = { find: 'platforms', wish };
      return await refresh(query, digest(`answer ${textOf(query)}`), PATIENCE_MS);
    };
  }

  /** Of the run that answered. */
  async history(
    run: Pick<DiscoveryFound, 'id'> | { readonly workflowId: string },
  ): Promise<{ readonly events: number; readonly text: string }> {
    const [of = '', runId] = ('id' in run ? (run.id ?? '') : '').split('.');
    const workflowId = 'workflowId' in run ? run.workflowId : discoveryId(of);
    const history = await this.#engine.environment.client.workflow.getHandle(workflowId, runId).fetchHistory();
    return { events: history.events?.length ?? 0, text: historyToJSON(history) };
  }

  /** How many questions any partner was asked. */
  get asked(): number {
    return Object.values(this.#plan.partners).reduce((sum, partner) => sum + partner.count(/-queries$/), 0);
  }

  async #quiet(): Promise<void> {
    const tending = Object.keys(this.#plan.partners).map(federationId);
    for (const id of [...tending, ...this.#runs])
      await this.#engine.environment.client.workflow
        .getHandle(id)
        .terminate()
        .catch(() => undefined);
  }
}
