/**
 * The id at the end of a link, whatever host and path it names: peers stand behind proxies that know other names. Some end
 * their paths with a slash.
 */
export function lastSegment(href: string): string {
  const path = href.split(/[?#]/, 1)[0] ?? '';
  return decoded(path.replace(/\/$/, '').split('/').at(-1) ?? '');
}

/** The id of what was made in a collection, by the path at which it is said to be; undefined: that is not in there. */
export function idIn(collection: string, location: string | null): string | undefined {
  const [id = ''] =
    location?.startsWith(`${collection}/`) === true ? location.slice(collection.length + 1).split(/[/?#]/) : [];
  return id === '' ? undefined : decoded(id);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The URI of the next part of a list (RFC 8288; MEC 009, 6.20). */
export function nextLink(header: string | string[] | undefined): string | undefined {
  for (const [, uri, parameters = ''] of [header ?? []].flat().join(',').matchAll(LINK))
    for (const [, name = '', quoted, bare = ''] of parameters.matchAll(PARAMETER))
      if (name.toLowerCase() === 'rel' && /(?:^|\s)next(?:\s|$)/i.test(quoted ?? bare)) return uri;
  return undefined;
}

/** What is quoted may hold anything, other links as well. */
const LINK = /<([^>]*)>((?:"(?:[^"\\]|\\.)*"|[^"<])*)/g;
const PARAMETER = /;\s*([^\s=;,"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/g;

/** A URI of a peer, relative to a path below the peer's url, as such a path; undefined: it is none of this peer's. */
export function below(peer: string, uri: string | undefined, path: string): string | undefined {
  if (uri === undefined || !URL.canParse(uri, `${peer}${path}`)) return undefined;
  const base = new URL(peer);
  const root = base.pathname.replace(/\/$/, '');
  const { origin, pathname, search } = new URL(uri, `${peer}${path}`);
  return origin === base.origin && pathname.startsWith(`${root}/`)
    ? `${pathname.slice(root.length)}${search}`
    : undefined;
}
