import { HttpRefusal } from '../doors/refusal.ts';

/** What is asked below a base: a path that begins with a slash, and a query with its question mark. */
export interface Target {
  readonly path: string;
  readonly query: string;
}

/** Some servers, and the proxies before them, decode more than once. */
const DECODED = 3;

/**
 * A request target in its two parts. Throws a refusal (400) for one that could be taken for something beside or above the
 * base: nobody may reach a platform's own API by way of a service.
 */
export function targetOf(url: string): Target {
  if (!url.startsWith('/')) throw malformed('the request target is no path (RFC 9112, 3.2.1)');
  const at = url.indexOf('?');
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)];
  if (!/^[\x21-\x7e]*$/.test(url) || url.includes('#')) throw malformed('the request target has characters of no URL');
  let text = path;
  for (let round = 0; ; round += 1) {
    if (climbs(text)) throw malformed('the path has a segment that leads elsewhere');
    const decoded = decodedOnce(text);
    if (decoded === undefined && round === 0) throw malformed('the path does not decode (RFC 3986, 2.1)');
    if (decoded === undefined || decoded === text || round === DECODED) return { path, query };
    if (slashes(decoded) !== slashes(text)) throw malformed('the path has an encoded slash');
    text = decoded;
  }
}

/** Of what follows the name of a service: nothing is the service itself. */
export const targetBelow = (rest: string): Target => targetOf(rest.startsWith('/') ? rest : `/${rest}`);

/** The address below this base, as it is sent. Throws a refusal (400). */
export function below(base: string, { path, query }: Target): string {
  const { origin, pathname } = new URL(base);
  const root = pathname.replace(/\/+$/, '');
  const whole = path === '/' && root !== '' ? pathname : `${root}${path}`;
  const there = new URL(`http://base${whole}`).pathname;
  if (there !== pathname && !there.startsWith(`${root}/`)) throw malformed('the path leads out of the service');
  return `${origin}${whole}${query}`;
}

/** Segments of dots, also with parameters behind them (`..;x`), backslashes, and what no path has. */
const climbs = (path: string): boolean =>
  /[\\\p{Cc}]/u.test(path) || path.split('/').some((segment) => /^\.{1,2}(;.*)?$/.test(segment));

function decodedOnce(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

const slashes = (path: string): number => path.split('/').length;

export const malformed = (why: string): HttpRefusal => new HttpRefusal(400, why, 'Mend the request.');
