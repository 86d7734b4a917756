import type { Response } from 'express';
import { parameter } from '../peers/query.ts';
import { type Call, changeJson, lastOf } from './call.ts';
import type { QuirkName } from './table.ts';

/** Quirks of lists: arrays, and the links to subscriptions. */
export const lists: Partial<Record<QuirkName, (call: Call) => void>> = {
  laggingLists: ({ req, res, memory }) => {
    if (req.method === 'GET') onLists(res, (list) => list.filter((entry) => memory.age(idOf(entry)) > LAG_MS));
  },

  /** MEC 009, 6.20: the rest is behind the link. */
  pagedLists: (call) => inParts(call, PAGE),

  /** As if an entry had come before the others between two of its parts. */
  overlappingPages: (call) => inParts(call, PAGE - 1),

  nullLists: ({ req, res }) => {
    if (req.method === 'GET') onLists(res, (list) => (list.length === 0 ? null : list));
  },

  voidLists: ({ req, res }) => {
    if (req.method !== 'GET') return;
    const json = res.json.bind(res);
    res.json = (body: unknown) => (Array.isArray(body) && body.length === 0 ? res.status(204).end() : json(body));
  },
};

const LAG_MS = 400;
const PAGE = 2;
const MARK = 'nextpage_opaque_marker';

type Entry = Readonly<Record<string, unknown>>;

/** Changes an array, or that within `{_links: {subscription(s)}}`. */
function onLists(res: Response, change: (list: readonly Entry[]) => readonly Entry[] | null): void {
  changeJson(res, (body) => {
    if (Array.isArray(body)) return change(body as Entry[]);
    const links = (body as { readonly _links?: Entry })['_links'];
    const [member, list] = Object.entries(links ?? {}).find(([, value]) => Array.isArray(value)) ?? [];
    if (member === undefined) return body;
    return { ...(body as Entry), _links: { ...links, [member]: change(list as Entry[]) } };
  });
}

/** Parts of two entries, of which the next one begins so many further on. */
function inParts({ req, res }: Call, step: number): void {
  if (req.method !== 'GET') return;
  changeJson(res, (body) => {
    if (!Array.isArray(body)) return body;
    const from = Number(Buffer.from(parameter(req, MARK) ?? '', 'base64url').toString() || 0);
    if (from + PAGE < body.length) res.setHeader('Link', `<${pageAt(req.originalUrl, from + step)}>; rel="next"`);
    return body.slice(from, from + PAGE);
  });
}

/** Of an entry, or at the end of the link to one. */
const idOf = (entry: Entry): string =>
  lastOf(String(entry['id'] ?? entry['serInstanceId'] ?? entry['appMobilityServiceId'] ?? entry['href']));

function pageAt(originalUrl: string, from: number): string {
  const url = new URL(originalUrl, 'http://here');
  url.searchParams.set(MARK, Buffer.from(String(from)).toString('base64url'));
  return url.pathname + url.search;
}
