import type { Request, Response } from 'express';
import { problem } from '../problem.ts';
import { has } from '../quirks/call.ts';
import { type Entry, FOREIGN, type Kind, kinds } from './entries.ts';
import type { Foreign } from './foreign.ts';
import { oddLinks, UNREADABLE } from './odd.ts';

/** For handlers: what the collection of this call holds of others. */
export function foreigners(res: Response, kind: Kind, collection: string): readonly Entry[] {
  return holdings(res)?.(kind, collection) ?? [];
}

/** The same for lists that give links only. */
export function foreignLinks(res: Response, collection: string): readonly Entry[] {
  const others = foreigners(res, 'subscriptions', collection);
  const links = others.map(({ _links, subscriptionType }) => ({ ...selfOf(_links), subscriptionType }));
  return has(res, 'foreignEntries') ? [...oddLinks(collection), ...links] : links;
}

const selfOf = (links: unknown): Entry | undefined => (links as { readonly self?: Entry } | null | undefined)?.self;

const isCalled = (entry: Entry, id: string): boolean =>
  Object.values(entry).includes(id) || String(selfOf(entry['_links'])?.['href']).endsWith(`/${id}`);

type Holdings = (kind: Kind, collection: string) => readonly Entry[];

const holdings = (res: Response): Holdings | undefined => res.locals['foreign'] as Holdings | undefined;

/**
 * Answers a call to an entry of others: it can be read, most of it, and nothing else. True: this
 * was one.
 */
export function answersForOthers(foreign: Foreign, peer: string, req: Request, res: Response): boolean {
  const odd = has(res, 'foreignEntries');
  res.locals['foreign'] = ((kind, collection) => foreign.at(peer, kind, collection, odd)) satisfies Holdings;
  const segments = req.path.replace(/\/$/, '').split('/');
  const at = segments.findIndex((segment) => FOREIGN.test(segment));
  const id = segments[at];
  if (id === undefined) return false;
  const collection = `${req.protocol}://${req.get('host')}${segments.slice(0, at).join('/')}`;
  const kind = kinds.find((one) => id.startsWith(`foreign-${one}-`));
  const entry = kind && foreign.at(peer, kind, collection, odd).find((one) => isCalled(one, id));
  if (req.method === 'GET' && at === segments.length - 1 && entry !== undefined) res.json(entry);
  else if (entry !== undefined || (odd && id === UNREADABLE)) problem(res, 403, `${id} belongs to somebody else`);
  else problem(res, 404, `no ${id}`);
  return true;
}
