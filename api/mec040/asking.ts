import type { RequestHandler, Response } from 'express';
import { usableAgreements } from '../../catalogue/usable.ts';
import type { Catalogue } from '../../catalogue/database.ts';
import type { Sight } from '../../catalogue/systems.ts';
import type { Federation } from '../../configuration/federation.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { HttpRefusal } from '../problem.ts';
import type { Caller, Scope } from '../serve.ts';

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

/** What handlers are given: whom a MEO sees, and which system of ours it speaks for. */
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

export const askingOf = (means: Mec040Means): Asking => ({
  ...means,
  sight: sightOf(means),
  systemOf: systemOf(means),
});

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
