import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { answers, type Catalogue } from '../../catalogue/database.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { Pokes } from '../../doors/pokes.ts';
import { pokeTending } from '../../temporal/tending.ts';
import type { Consumptions } from '../consuming.ts';
import { Questions } from '../finding.ts';
import type { FederationWith } from '../resources.ts';
import type { Handlers } from '../serve.ts';
import { bindingHandlers } from './bindings.ts';
import { discoveryHandlers } from './discoveries.ts';
import { federationHandlers, federationsOf } from './federations.ts';
import { memberHandlers } from './members.ts';
import type { NorthboundTable } from './table.ts';
import type { OfFederation } from './unfederated.ts';

/** It holds already: the partner hears of it sooner where Temporal is there. */
const POKE_MS = 3_000;

interface Means {
  readonly temporal: Client;
  readonly configuration: Configuration;
  readonly taskQueue: string;
  readonly catalogue: Catalogue;
  readonly consumptions: Consumptions | undefined;
  readonly log: Logger;
}

/** What northbound has of a federation: it is loaded where there is one. */
export interface FederatedNorthbound {
  readonly handlers: Handlers<NorthboundTable, OfFederation>;
  readonly partners: () => Promise<readonly FederationWith[]>;
  /** Rejects where the catalogue does not answer. */
  readonly answers: () => Promise<void>;
}

export function federatedNorthbound(means: Means): FederatedNorthbound {
  const { temporal, configuration, taskQueue, catalogue, consumptions, log } = means;
  const { federation, world } = configuration;
  const ours = { taskQueue, world };
  const pokes = new Pokes(async (partner) => await pokeTending(temporal, partner, ours, POKE_MS), 0, log);
  const poke = (partner: string): void => pokes.poke(partner);
  const questions = federation && new Questions(temporal, ours, federation.pace);
  return {
    handlers: {
      ...memberHandlers(configuration, catalogue),
      ...discoveryHandlers({ temporal, configuration, catalogue, questions }),
      ...federationHandlers({ configuration, catalogue, poke }),
      ...bindingHandlers({ configuration, catalogue, consumptions, poke }),
    },
    partners: async () => await federationsOf({ configuration, catalogue }),
    answers: async () => await answers(catalogue),
  };
}
