import type { RequestHandler, Response } from 'express';
import { usableAgreements } from '../../catalogue/usable.ts';
import type { Catalogue } from '../../catalogue/database.ts';
import type { Sight } from '../../catalogue/systems.ts';
import type { Federation } from '../../configuration/federation.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { HttpRefusal, problemDetails } from '../problem.ts';
import type { Caller, Face, Scope } from '../serve.ts';
import { subscriptionHandlers } from './subscriptions.ts';
import { systemHandlers } from './systems.ts';
import { mec040Table, type Mec040Table } from './table.ts';

/** Who may ask, and who asks, as whoever checks tokens says. */
export interface Access {
  readonly admit: (scope: Scope) => RequestHandler;
  /** Of a request that was admitted, by its answer's `locals`. */
  readonly callerOf: (res: Pick<Response, 'locals'>) => Caller;
}

export interface Mec040Means {
  readonly catalogue: Catalogue;
  readonly configuration: Pick<Configuration, 'systems' | 'peers'>;
  readonly federation: Federation;
  readonly access: Access;
  /** Members have changed: subscribers are to be told. Never waits. */
  readonly changed: () => void;
}

/** Mfm-fed, as MEC 040 has it: MEOs register their systems with the federator, and find those of the others. */
export function mec040(means: Mec040Means): Face<Mec040Table> {
  const asking: Asking = { ...means, sight: sightOf(means), systemOf: systemOf(means) };
  return {
    table: mec040Table,
    form: problemDetails,
    handlers: { ...systemHandlers(asking), ...subscriptionHandlers(asking) },
    admit: means.access.admit,
  };
}

export interface Asking extends Mec040Means {
  readonly sight: () => Promise<Sight>;
  readonly systemOf: (res: Pick<Response, 'locals'>) => ClientSystem;
}

/** The system that a client is configured to register. */
interface ClientSystem {
  readonly local: string;
  readonly meo: string;
  readonly client: string;
}

const sightOf =
  ({ catalogue, federation }: Mec040Means) =>
  async (): Promise<Sight> => ({ agreements: (await usableAgreements(catalogue, federation)).map(({ id }) => id) });

function systemOf({ configuration, access }: Mec040Means) {
  const byClient = new Map(
    Object.entries(configuration.systems).flatMap(([local, { meo, client }]) =>
      client === undefined ? [] : [[client, { local, meo, client }] as const],
    ),
  );
  return (res: Pick<Response, 'locals'>): ClientSystem => {
    const { client } = access.callerOf(res);
    const system = byClient.get(client);
    if (system !== undefined) return system;
    throw new HttpRefusal(
      403,
      `${client} is no client of a system here`,
      'Name it as `client` of its system in the configuration.',
    );
  };
}
