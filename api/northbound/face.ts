import type { Client } from '@temporalio/client';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Catalogue } from '../../catalogue/database.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { pokeTending } from '../../temporal/tending.ts';
import { type Information, license, openApiDocument, whenAsked } from '../openapi.ts';
import { problemDetails } from '../problem.ts';
import type { Face } from '../serve.ts';
import type { Consumptions } from '../consuming.ts';
import { Questions } from '../finding.ts';
import { Admission } from './admission.ts';
import { anchorHandlers } from './anchors.ts';
import { bindingHandlers } from './bindings.ts';
import { commandHandlers } from './commands.ts';
import { discoveryHandlers } from './discoveries.ts';
import { evacuationHandlers } from './evacuations.ts';
import { eventHandlers } from './events.ts';
import { Feed } from './feed.ts';
import { fenceHandlers } from './fences.ts';
import { federationHandlers } from './federations.ts';
import { followerHandlers } from './followers.ts';
import { type Condition, healthHandlers } from './health.ts';
import { holdHandlers } from './holds.ts';
import { memberHandlers } from './members.ts';
import { metricHandlers } from './metrics.ts';
import { networkHandlers } from './network.ts';
import { Procedures } from './procedures.ts';
import { Reader } from './reader.ts';
import { relocationHandlers } from './relocations.ts';
import { Starter } from './starter.ts';
import { Streams } from './stream.ts';
import { northboundTable, type NorthboundTable } from './table.ts';

/** An operator waits for the answer to his command. */
const POKE_MS = 3_000;

export interface Means {
  readonly temporal: Client;
  readonly configuration: Configuration;
  readonly taskQueue: string;
  readonly temporalUi: string | undefined;
  readonly condition: Condition;
  readonly log: Logger;
  /** Undefined: this Ferry federates with nobody. */
  readonly catalogue: Catalogue | undefined;
  readonly consumptions: Consumptions | undefined;
}

/** Who begins relocations and who reads them: one of each, whichever face asks. */
export interface Desk {
  readonly reader: Reader;
  readonly admission: Admission;
  readonly starter: Starter;
  readonly procedures: Procedures;
}

export function deskOf({
  temporal,
  configuration,
  taskQueue,
  temporalUi,
}: Omit<Means, 'catalogue' | 'consumptions'>): Desk {
  const reader = new Reader(temporal, temporalUi);
  const admission = new Admission();
  const starter = new Starter(temporal, reader, admission, { taskQueue, configuration });
  return { reader, admission, starter, procedures: new Procedures(temporal, taskQueue) };
}

/** Northbound: what our own network asks. Until there are tokens whoever reaches it may ask anything. */
export function northbound(
  { temporal, configuration, taskQueue, temporalUi, condition, log, catalogue, consumptions }: Means,
  { reader, admission, starter, procedures }: Desk,
): Face<NorthboundTable> {
  const { federation, world } = configuration;
  const poke = async (partner: string): Promise<void> =>
    await pokeTending(temporal, partner, { taskQueue, world }, POKE_MS);
  const questions = federation && new Questions(temporal, { taskQueue, world }, federation.pace);
  const { stopping } = condition;
  const feed = new Feed({ temporal, reader, temporalUi, configuration, catalogue, stopping, log });
  const streams = new Streams(stopping, log);
  return {
    table: northboundTable,
    form: problemDetails,
    handlers: {
      ...relocationHandlers({ temporal, configuration, reader, starter, procedures }),
      ...commandHandlers(temporal, reader),
      ...fenceHandlers(temporal),
      ...anchorHandlers({ temporal, admission, configuration, taskQueue, temporalUi }),
      ...evacuationHandlers({ temporal, configuration, taskQueue, temporalUi }),
      ...followerHandlers({ temporal, configuration, taskQueue, temporalUi }),
      ...holdHandlers({ ...configuration, temporal, taskQueue }),
      ...eventHandlers(reader, stopping, log),
      watchEverything: async ({ headers, req, res }) => {
        const from = headers['last-event-id'];
        await streams.tell(req, res, (signal, room) => feed.events(from, room, signal));
      },
      ...healthHandlers(temporal, taskQueue, condition, catalogue),
      ...metricHandlers(temporal, taskQueue),
      ...memberHandlers(configuration, catalogue),
      ...discoveryHandlers({ temporal, configuration, catalogue, questions }),
      ...federationHandlers({ configuration, catalogue, poke, log }),
      ...bindingHandlers({ configuration, catalogue, consumptions, poke }),
      ...networkHandlers(configuration, procedures),
      showDescription: ({ res }) => {
        res.json(northboundDocument());
      },
    },
    admit: () => everybody,
  };
}

export const northboundDocument = whenAsked(() => openApiDocument(northboundTable, problemDetails, information));

export const information: Information = {
  title: 'Ferry',
  version: '1',
  description:
    'Moves running applications, and the users they serve, between MEC hosts, MEC systems and clouds (ETSI GR MEC 035). Every refusal is a problem document (RFC 9457) that says what to mend.',
  license,
};

const everybody: RequestHandler = (_req, _res, next) => next();
