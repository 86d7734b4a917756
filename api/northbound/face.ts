import type { Client } from '@temporalio/client';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Configuration } from '../../configuration/peers.ts';
import { type Information, license, openApiDocument, whenAsked, written } from '../openapi.ts';
import { problemDetails } from '../problem.ts';
import type { Face } from '../serve.ts';
import { Admission } from './admission.ts';
import { anchorHandlers } from './anchors.ts';
import { collections } from './collections.ts';
import { commandHandlers } from './commands.ts';
import { evacuationHandlers } from './evacuations.ts';
import { eventHandlers } from './events.ts';
import { Feed } from './feed.ts';
import type { FederatedNorthbound } from './federated.ts';
import { fenceHandlers } from './fences.ts';
import { followerHandlers } from './followers.ts';
import { type Condition, healthHandlers } from './health.ts';
import { holdHandlers } from './holds.ts';
import { metricHandlers } from './metrics.ts';
import { networkHandlers } from './network.ts';
import { Procedures } from './procedures.ts';
import { Reader } from './reader.ts';
import { relocationHandlers } from './relocations.ts';
import { Starter } from './starter.ts';
import { Streams } from './stream.ts';
import { unfederated } from './unfederated.ts';
import { northboundTable, type NorthboundTable } from './table.ts';
import { waitingHandlers } from './waiting.ts';
import { WaitingReader } from './waiting-reader.ts';

export interface Means {
  readonly temporal: Client;
  readonly configuration: Configuration;
  readonly taskQueue: string;
  readonly temporalUi: string | undefined;
  readonly condition: Condition;
  readonly log: Logger;
  /** Undefined: this Ferry federates with nobody. */
  readonly federated: FederatedNorthbound | undefined;
}

/** Who begins relocations and who reads them: one of each, whichever face asks. */
export interface Desk {
  readonly reader: Reader;
  readonly admission: Admission;
  readonly starter: Starter;
  readonly procedures: Procedures;
}

export function deskOf({ temporal, configuration, taskQueue, temporalUi }: Omit<Means, 'federated'>): Desk {
  const reader = new Reader(temporal, temporalUi);
  const admission = new Admission();
  const starter = new Starter(temporal, reader, admission, { taskQueue, configuration });
  return { reader, admission, starter, procedures: new Procedures(temporal, taskQueue) };
}

/** Northbound: what our own network asks. Until there are tokens whoever reaches it may ask anything. */
export function northbound(
  { temporal, configuration, taskQueue, temporalUi, condition, log, federated }: Means,
  { reader, admission, starter, procedures }: Desk,
): Face<NorthboundTable> {
  const { stopping } = condition;
  const waiting = new WaitingReader(temporal, reader, temporalUi);
  const feed = new Feed({ temporal, reader, waiting, temporalUi, partners: federated?.partners, stopping, log });
  const streams = new Streams(stopping, log);
  return {
    table: northboundTable,
    form: problemDetails,
    handlers: {
      ...relocationHandlers({ temporal, configuration, reader, starter, procedures }),
      ...commandHandlers(temporal, reader),
      ...waitingHandlers(waiting, federated?.partners),
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
      ...healthHandlers(temporal, taskQueue, condition, federated?.answers),
      ...metricHandlers(temporal, taskQueue),
      ...(federated?.handlers ?? unfederated),
      ...networkHandlers(configuration, procedures, temporal, reader),
      showDescription: written(northboundDocument),
    },
    admit: () => everybody,
  };
}

export const northboundDocument = whenAsked(() =>
  openApiDocument(northboundTable, problemDetails, information, { collections }),
);

export const information: Information = {
  title: 'Ferry',
  version: '1',
  description:
    'Moves running applications, and the users they serve, between MEC hosts, MEC systems and clouds (ETSI GR MEC 035). Every refusal is a problem document (RFC 9457) that says what to mend.',
  license,
};

const everybody: RequestHandler = (_req, _res, next) => next();
