/** The id at the end of a link, whatever host and path it names: peers stand behind proxies that know other names. */
export function lastSegment(href: string): string {
  const segment = href.split(/[?#]/, 1)[0]?.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
