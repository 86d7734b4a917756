import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { pino } from 'pino';
import { agreementWith } from '../../catalogue/agreements.ts';
import type { Agreement } from '../../activities/federation/ports.ts';
import type { Tended } from '../../activities/federation/tend-partner.ts';
import type { Federation } from '../../configuration/federation.ts';
import { tendingOf } from '../../temporal/tending.ts';
import { federationOf } from '../../worker/federation.ts';
import { federationStanding, poke } from '../../workflows/messages.ts';
import type { joinFederation } from '../../workflows/federation/join-federation.ts';
import type { CatalogueOfTest } from './catalogue.ts';
import type { Engine } from './engine.ts';
import { eventually } from './eventually.ts';
import { says } from './run.ts';

/** A worker with a federation, and the run that tends one partner of it. */
export class Federated {
  readonly handle: WorkflowHandle<typeof joinFederation>;
  readonly logged: readonly string[];
  readonly #own: CatalogueOfTest;

  constructor(handle: WorkflowHandle<typeof joinFederation>, own: CatalogueOfTest, logged: readonly string[]) {
    this.handle = handle;
    this.#own = own;
    this.logged = logged;
  }

  /** `tended`: called when it has been looked, and before the run hears of it. */
  static async over(
    engine: Engine,
    own: CatalogueOfTest,
    federation: Federation,
    scenario: (federated: Federated) => Promise<void>,
    tended: (tended: Tended) => Promise<void> = async () => undefined,
  ): Promise<void> {
    const logged: string[] = [];
    const log = pino({ level: 'debug' }, { write: (line) => void logged.push(line) });
    const all = federationOf(federation, own.catalogue, 60_000, log);
    const tendPartner: typeof all.tendPartner = async (order) => {
      const looked = await all.tendPartner(order);
      await tended(looked);
      return looked;
    };
    const activities = { ...all, tendPartner };
    const { taskQueue } = engine;
    const { client } = engine.environment;
    const start = async (): Promise<void> => {
      const options = tendingOf('b', { taskQueue, world: 'test' });
      const handle = await client.workflow.start<typeof joinFederation>('joinFederation', {
        ...options,
        workflowId: `${options.workflowId}:${randomUUID()}`,
      });
      try {
        await scenario(new Federated(client.workflow.getHandle(handle.workflowId), own, logged));
      } finally {
        await client.workflow
          .getHandle(handle.workflowId)
          .terminate()
          .catch(() => undefined);
      }
    };
    await engine.beside(activities, start);
  }

  async uses(): Promise<Agreement | undefined> {
    return await agreementWith(this.#own.catalogue, { partner: 'b', direction: 'uses' });
  }

  /** Until it waits again, having begun a round after this was called. */
  async round(): Promise<void> {
    const before = (await this.handle.query(federationStanding)).since;
    await this.handle.signal(poke);
    await says(this.handle, federationStanding, ({ doing, since }) => doing === 'waiting' && since !== before, 30_000);
  }

  async waits(): Promise<void> {
    await says(this.handle, federationStanding, ({ doing }) => doing === 'waiting', 30_000);
  }

  async joined(): Promise<Agreement> {
    await eventually(async () => (await this.uses())?.joinedAt != null, 30_000);
    await this.waits();
    return (await this.uses()) as Agreement;
  }
}
