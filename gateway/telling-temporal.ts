import { Client, Connection } from '@temporalio/client';
import { connectionSettings } from '../temporal/connection.ts';
import { pokeTending } from '../temporal/tending.ts';
import type { Ours } from './poking.ts';

export interface Telling {
  readonly poke: (partner: string, ours: Ours) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Of Temporal, by its environment; the first poke connects. */
export function tellingTemporal(): Telling {
  const { connectionOptions, namespace } = connectionSettings();
  const connection = Connection.lazy(connectionOptions);
  const client = new Client({ connection, namespace });
  return {
    poke: async (partner, ours) => await pokeTending(client, partner, ours),
    close: async () => await connection.close(),
  };
}
