import { problem } from '../problem.ts';
import { type Call, changeHeaders, lastOf } from './call.ts';
import type { QuirkName } from './table.ts';

/** Quirks by which a call is answered before anything is done. True: it is. */
export const requests: Partial<Record<QuirkName, (call: Call) => boolean>> = {
  trailingSlash: (call) => ledToSlash(call, 308),
  movedGets: (call) => call.req.method === 'GET' && ledToSlash(call, 301),

  /** What was deleted is remembered. */
  goneForGood: ({ req, res, memory }) => {
    const path = req.path.replace(/\/$/, '');
    if (memory.isGone(path)) return answered(() => problem(res, 410, 'it was here, and is gone'));
    if (req.method === 'DELETE')
      changeHeaders(res, () => {
        if (res.statusCode < 300) memory.deleted(path);
      });
    return false;
  },

  /** The first call of a kind: ids do not make it another one. */
  retryLater: ({ req, res, memory }) => {
    const kind = req.path.replaceAll(/[^/]*\d[^/]*(?=\/|$)/g, (segment) => (isVersion(segment) ? segment : '*'));
    if (memory.askedBefore(`${req.method} ${kind}`) > 0) return false;
    res.setHeader('Retry-After', '1');
    problem(res, 503, 'busy, come back in a second');
    return true;
  },

  strictQuery: ({ req, res }) => {
    const unknown = Object.entries(req.query).find(
      ([name, value]) => !KNOWN.has(name) || typeof value !== 'string' || value.includes(','),
    );
    if (unknown === undefined) return false;
    problem(res, 400, `query parameter ${unknown[0]} is not supported`);
    return true;
  },

  createdUnknown: ({ req, res, memory }) => {
    const id = lastOf(req.path.replace(/\/instantiate\/?$/, ''));
    const instantiated = req.method === 'POST' && /\/instantiate\/?$/.test(req.path);
    if (!instantiated || memory.age(id) > A_MOMENT_MS || memory.askedBefore(`instantiate ${id}`) > 0) return false;
    problem(res, 404, `no instance ${id}`);
    return true;
  },

  /** A weak tag never matches strongly, however it is spelt (RFC 9110, 13.1.1). */
  weakTags: ({ req, res }) => {
    const wanted = req.get('if-match');
    if (wanted === undefined || wanted.trim() === '*') return false;
    problem(res, 412, 'it is no longer as it was read');
    return true;
  },

  noRadio: ({ req, res }) => radioMissing(req.path) && answered(() => problem(res, 404, `nothing at ${req.path}`)),
  radioUnsupported: ({ req, res }) =>
    radioMissing(req.path) && answered(() => problem(res, 501, 'radio network information is not supported')),
  noTrafficRules: ({ req, res }) =>
    /\/traffic_rules(\/|$)/.test(req.path) && answered(() => problem(res, 501, 'traffic rules are not supported')),
};

const A_MOMENT_MS = 2_000;

/**
 * Attribute filters and selectors are not among them, several names for a service neither; the mark
 * of a page is ours.
 */
const KNOWN = new Set([
  'ser_name',
  'ser_instance_id',
  'ser_category_id',
  'subscription_type',
  'subscriptionType',
  'subscriptiontype',
  'nextpage_opaque_marker',
]);

const isVersion = (segment: string): boolean => /^v\d+$/.test(segment);
function ledToSlash({ req, res }: Call, status: number): boolean {
  if (req.path.endsWith('/')) return false;
  const query = req.originalUrl.slice(req.originalUrl.split('?', 1)[0]?.length);
  res.status(status).location(`${req.path}/${query}`).end();
  return true;
}

const radioMissing = (path: string): boolean => path.startsWith('/rni/');

function answered(answer: () => void): true {
  answer();
  return true;
}
