import { isAddress } from '../configuration/addresses.ts';
import { readings } from './readings.ts';
import { type Spelling, spellings, unspelled } from './spellings.ts';

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

/** A text with every URL in it translated, each in the spelling that it has. Throws WouldLeak. */
export function translated(text: string, translation: Translation): string {
  const known = translation.whole?.get(text);
  if (known !== undefined) return known;
  let told = text;
  for (const spelling of spellings) told = translatedAs(spelling, told, translation);
  if (translation.hides !== undefined) demandNothingElse(told, translation);
  return told;
}

/** What others spell as is written is looked for first: a text without it costs next to nothing. */
function translatedAs({ sign, urls, read, write }: Spelling, text: string, translation: Translation): string {
  if (!sign.test(text)) return text;
  return text.replaceAll(urls, (found) => {
    const url = read(found);
    const told = url === undefined ? undefined : translatedUrl(url, translation);
    return told === undefined || told === url ? found : write(told);
  });
}

/** A URL in a spelling that cannot be told in kind: in a text within a text, encoded twice, odd. What was told is none. */
function demandNothingElse(text: string, translation: Translation): void {
  const { to, whole } = translation;
  const isWhole = ({ href }: URL): boolean =>
    [...(whole?.values() ?? [])].some((url) => (URL.canParse(url) ? new URL(url).href : url) === href);
  const isTold = (url: URL): boolean => restBelow(to, url) !== undefined || isWhole(url);
  const hides = (url: URL): boolean => translation.hides?.(url) === true && !isTold(url);
  const leads = (place: string, rest: string): boolean => {
    const host = hostIn(`http://${place}`);
    if (host === undefined || translation.hides?.(host) !== true) return false;
    const address = `${parsed(to).protocol}//${rest}`;
    return !URL.canParse(address) || !isTold(new URL(address));
  };
  const others = unspelled(text);
  for (const other of others)
    for (const spelling of spellings)
      if (translatedAs(spelling, other, { ...translation, hides }) !== other)
        throw new WouldLeak('an address is spelled otherwise');
  for (const each of [text, ...others])
    for (const { host, rest } of readings(each))
      if (leads(host, rest)) throw new WouldLeak('an address is written so that only some find it');
}

function translatedUrl(found: string, translation: Translation): string {
  const known = translation.whole?.get(found);
  if (known !== undefined) return known;
  const isWhole = URL.canParse(found);
  const url = isWhole ? new URL(found) : hostIn(found);
  if (url === undefined) return found;
  const rest = isWhole ? restBelow(translation.from, url) : undefined;
  if (rest !== undefined) return `${translation.to}${rest}`;
  if (translation.hides?.(withKnownHost(url)) === true)
    throw new WouldLeak('an address of the inside has no name outside');
  return found;
}

const KNOWN = ['http:', 'https:', 'ws:', 'wss:', 'ftp:'];

/** Of other schemes a parser leaves the host as it is written, be it a number. */
function withKnownHost(url: URL): URL {
  if (KNOWN.includes(url.protocol)) return url;
  const known = `http://${url.host}/`;
  return URL.canParse(known) ? new URL(known) : url;
}

/** Of what is no URL as a whole (its port is beyond all ports, its address has a zone) the host is one nevertheless. */
function hostIn(text: string): URL | undefined {
  const [, place = '', host = ''] = /^[^:]+:\/\/(?:[^/?#]*@)?((\[[^\]/]*\]?|[^:/?#[\]]*)[^/?#]*)/.exec(text) ?? [];
  const bare = host.replaceAll(/[[\]]/g, '');
  const url = [place, host, bare, `[${bare.replace(/%.*/, '')}]`]
    .map((each) => `http://${each}/`)
    .find((each) => URL.canParse(each));
  return url === undefined ? undefined : new URL(url);
}

/** Does a text name a host of the inside that is no part of a URL? Numbers, and words without a dot or a port, are no names. */
export function namesHidden(text: string, { hides }: Translation): boolean {
  if (hides === undefined) return false;
  const beside = text.replaceAll(/[a-z][a-z0-9+.-]*:\/\/[^\s"'<>/?#]*/gi, ' '); // what is part of one was told
  return beside.split(/[\s,;="'<>()|/\\@&{}?#%]+/).some((word) => {
    if (isHidden(word.replace(/^\[([\da-f:.]+)\](?::\d+)?$/i, '$1'), hides)) return true;
    const parts = word.split(':');
    const withPort = /(?:^|:)([a-z][\w-]*):\d{1,5}$/i.exec(word)?.[1];
    return (
      parts.some((part) => isHidden(part, hides)) || (withPort !== undefined && hides(new URL(`http://${withPort}/`)))
    );
  });
}

function isHidden(host: string, hides: (url: URL) => boolean): boolean {
  const isName = isAddress(host) || /^(?=.*[a-z])[\w-]+(?:\.[\w-]+)+\.?$/i.test(host);
  const url = `http://${host.includes(':') ? `[${host}]` : host}/`;
  return isName && URL.canParse(url) && hides(new URL(url));
}

/** A header whose value refers to a resource, perhaps from where it was asked. Throws WouldLeak. */
export function translatedReference(reference: string, asked: string, translation: Translation): string {
  return translated(URL.canParse(reference, asked) ? new URL(reference, asked).href : reference, translation);
}

/** RFC 8288: each reference stands in angle brackets; parameters have others (`anchor`). Throws WouldLeak. */
export const translatedLinks = (value: string, asked: string, translation: Translation): string =>
  value
    .split(/(<[^<>]*>)/)
    .map((part, at) =>
      at % 2 === 0 ? translated(part, translation) : `<${translatedReference(part.slice(1, -1), asked, translation)}>`,
    )
    .join('');

/** What comes after the base; undefined: it is not below. */
function restBelow(base: string, url: URL): string | undefined {
  const { origin, pathname } = parsed(base);
  const root = pathname.replace(/\/+$/, '');
  const foreign = url.origin !== origin || url.username !== '' || url.password !== '';
  if (foreign || (url.pathname !== root && !url.pathname.startsWith(`${root}/`))) return undefined;
  return `${url.pathname.slice(root.length)}${url.search}${url.hash}`;
}

/** Of the thousands in a message all are compared with one. */
let latest = { text: '', url: new URL('http://none') };

function parsed(text: string): URL {
  if (latest.text !== text) latest = { text, url: new URL(text) };
  return latest.url;
}

/** IPv4 within IPv6: mapped, translated, compatible (RFC 4291, 2.5.5; RFC 2765, 2.1; RFC 6052, 2.1). */
const MAPPED = /^(?:::(?:ffff:(?:0:)?)?|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** As the configuration has it: without what stands around it, or behind it in a sentence, an IPv4 address as one. */
export function hostOf({ hostname }: URL): string {
  const host = hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  const [, high, low] = MAPPED.exec(host) ?? [];
  if (high === undefined || low === undefined) return host.replace(/[^\w.:-][^]*$/, '').replace(/\.$/, '');
  return [high, low].flatMap((half) => [Number.parseInt(half, 16) >> 8, Number.parseInt(half, 16) & 0xff]).join('.');
}
