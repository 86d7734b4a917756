/** A URL of the inside that has no name outside. */
export class WouldLeak extends Error {}

/** How what stands in a message is said on the other side of a gateway. */
export interface Translation {
  /** What is below `from` is below `to` there. */
  readonly from: string;
  readonly to: string;
  /** Addresses that are known as a whole. */
  readonly whole?: ReadonlyMap<string, string>;
  /** Of what the other side is not to hear; absent: it may hear of all. */
  readonly hides?: (url: URL) => boolean;
}

/** Ends before what stands around URLs in texts, and before the parts of a template (RFC 6570). */
const URLS = /[a-z][a-z0-9+.-]*:\/\/[^\s"'<>\\^`{|}]+/gi;

/** A text with every URL in it translated. Throws WouldLeak. */
export function translated(text: string, translation: Translation): string {
  const known = translation.whole?.get(text);
  if (known !== undefined) return known;
  return text.includes('://') ? text.replaceAll(URLS, (url) => translatedUrl(url, translation)) : text;
}

function translatedUrl(found: string, { from, to, whole, hides }: Translation): string {
  const known = whole?.get(found);
  if (known !== undefined) return known;
  if (!URL.canParse(found)) return found;
  const url = new URL(found);
  const rest = restBelow(from, url);
  if (rest !== undefined) return `${to}${rest}`;
  if (hides?.(url) === true) throw new WouldLeak('an address of the inside has no name outside');
  return found;
}

/** A header whose value refers to a resource, perhaps from where it was asked. Throws WouldLeak. */
export function translatedReference(reference: string, asked: string, translation: Translation): string {
  if (!URL.canParse(reference, asked)) return reference;
  return translated(new URL(reference, asked).href, translation);
}

/** RFC 8288: each reference stands in angle brackets. */
export const translatedLinks = (value: string, asked: string, translation: Translation): string =>
  value.replaceAll(/<([^>]*)>/g, (_, reference: string) => `<${translatedReference(reference, asked, translation)}>`);

/** What comes after the base; undefined: it is not below. */
function restBelow(base: string, url: URL): string | undefined {
  const { origin, pathname } = new URL(base);
  const root = pathname.replace(/\/+$/, '');
  const foreign = url.origin !== origin || url.username !== '' || url.password !== '';
  if (foreign || (url.pathname !== root && !url.pathname.startsWith(`${root}/`))) return undefined;
  return `${url.pathname.slice(root.length)}${url.search}${url.hash}`;
}

export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
