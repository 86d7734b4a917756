/** The id at the end of a link, whatever host and path it names: peers stand behind proxies that know other names. */
export function lastSegment(href: string): string {
  const segment = href.split(/[?#]/, 1)[0]?.split('/').at(-1) ?? '';
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
