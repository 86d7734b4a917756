import type { Client } from '@temporalio/client';
import { digest } from '../configuration/digest.ts';
import type { Configuration } from '../configuration/peers.ts';
import { RelocationRequest } from '../domain/relocation.ts';
import { directionOf } from './direction.ts';
import { type Handlers, idOf } from './handlers.ts';
import { listed, queryFor } from './index-of-runs.ts';
import { Malformed, parse } from './input.ts';
import { ListQuery, StartHeaders, StartQuery } from './operations.ts';
import type { Procedures } from './procedures.ts';
import type { Reader } from './reader.ts';
import type { RelocationList } from './resources.ts';
import type { Starter } from './starter.ts';

interface Means {
  readonly temporal: Client;
  readonly configuration: Configuration;
  readonly reader: Reader;
  readonly starter: Starter;
  readonly procedures: Procedures;
}

export const relocationHandlers = ({
  temporal,
  configuration,
  reader,
  starter,
  procedures,
}: Means): Handlers<'startRelocation' | 'listRelocations' | 'showRelocation'> => ({
  startRelocation: async (req, res) => {
    const { dryRun } = parse(StartQuery, req.query, 'query');
    const { 'idempotency-key': key } = parse(StartHeaders, req.headers, 'header');
    const request = parse(RelocationRequest, req.body, 'body');
    const direction = directionOf(request, configuration);
    if (dryRun === 'true') {
      res.json(await procedures.plan({ request, direction, pace: configuration.pace }));
      return;
    }
    const relocation = reader.entry(await starter.start(request, direction, key));
    res.status(202).location(relocation.links.self).json(relocation);
  },

  listRelocations: async (req, res) => {
    const { limit, next, ...filter } = parse(ListQuery, req.query, 'query');
    const query = queryFor(filter);
    const page = await listed(temporal, query, limit, next === undefined ? undefined : tokenIn(next, query));
    const more = (): string => {
      const search = new URLSearchParams(req.query as Record<string, string>);
      search.set('next', sealed(page.token, query));
      return `/v1/relocations?${search.toString()}`;
    };
    const list: RelocationList = {
      relocations: page.seen.map((seen) => reader.entry(seen)),
      next: page.token.length === 0 ? null : more(),
    };
    res.json(list);
  },

  showRelocation: async (req, res) => {
    res.json(await reader.read(idOf(req)));
  },
});

/** Temporal's token, with a seal: one that was changed, or belongs to another query, is refused before Temporal is asked. */
const sealed = (token: Uint8Array, query: string): string => {
  const text = Buffer.from(token).toString('base64url');
  return `${text}.${digest(`${query}\n${text}`)}`;
};

function tokenIn(next: string, query: string): Uint8Array {
  const [text = '', seal] = next.split('.');
  if (seal === digest(`${query}\n${text}`)) return Buffer.from(text, 'base64url');
  throw new Malformed('query', [
    { code: 'custom', path: ['next'], message: 'is not from `next` of a page of this very list', input: next },
  ]);
}
