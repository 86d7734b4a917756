import type { Request, RequestHandler } from 'express';
import { isOurs } from '../configuration/hosts.ts';
import { HttpRefusal } from './problem.ts';

/**
 * A page whose name was re-bound to this address must not command relocations: only a Host of ours is served. That is
 * one of `hosts`, or loopback at the port that was reached.
 */
export function ownHosts(hosts: readonly string[]): RequestHandler {
  const ours = new Set(hosts);
  return (req, _res, next) => {
    const hostFields = req.rawHeaders.filter((field, at) => at % 2 === 0 && field.toLowerCase() === 'host');
    if (hostFields.length !== 1)
      throw new HttpRefusal(400, 'a request has one Host', 'Send the Host that the address names (RFC 9112, 3.2).');
    for (const host of authorities(req))
      if (!isOurs(host, req.socket.localPort, ours))
        throw new HttpRefusal(
          421,
          `there is no ${host === '' ? 'server without a name' : host} here`,
          'Ask it by the name and port at which it listens; FERRY_HOSTS names others, such as those of a proxy.',
        );
    next();
  };
}

/** A page from elsewhere must not command relocations through the browser of an operator. */
export const ownPages: RequestHandler = (req, _res, next) => {
  const [origin, site] = [req.get('origin'), req.get('sec-fetch-site') ?? 'none'];
  const commands = !['GET', 'HEAD'].includes(req.method);
  if ((origin !== undefined && !isOf(origin, req.headers.host ?? '')) || (commands && !HERE.includes(site)))
    throw new HttpRefusal(403, 'the request comes from a page of another site', 'Use /docs, or the command line.');
  next();
};

const HERE = ['none', 'same-origin'];

/** The Host, and the authority of a request target in absolute form, which has the last word (RFC 9112, 3.2.2). */
function authorities({ headers, originalUrl }: Request): string[] {
  const host = (headers.host ?? '').toLowerCase();
  if (originalUrl.startsWith('/') || !URL.canParse(originalUrl)) return [host];
  return [host, new URL(originalUrl).host];
}

/** Of the same host and port; a default port is not said (RFC 6454, 6.1). */
function isOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false; // "null" too
  const from = new URL(origin);
  const here = `${from.protocol}//${host}`;
  return URL.canParse(here) && new URL(here).host === from.host && from.host !== '';
}
