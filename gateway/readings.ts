/**
 * Whatever some parser takes for an address, though it is written otherwise than as one: with the slashes of another system or
 * without any (WHATWG URL, 4.4), without a scheme (RFC 3986, 4.2), with a host that two of them find in two places.
 */
const LEADING = /(?:(?:https?|wss?|ftp):[\\/]*|:[\\/]{2,}|(?<![^\s"'=(<>,;&?#+[{|])[\\/]{2,})([^\s"'<>^`{|}/]+)/gi;
/** All find the same host there. */
const PLAIN = /^[^\\]*:\/\/[\w.:[\]-]+$/;
/** As much of what comes behind a host is looked at. */
const LONGEST = 4_096;

export interface Reading {
  /** Of the place: a host, and what may be its port. */
  readonly host: string;
  /** From the host on. */
  readonly rest: string;
}

/** Most texts have no address, or are one that all read alike. */
const SIGN = /[\\/]{2}|(?:https?|wss?|ftp):/i;
const ORDINARY = /^https?:\/\/[\w.:-]+(?:\/[\w.~%-]+)*\/?$/;

/** Where a text may lead those who read it in another way than it is told by `spellings`. */
export const readings = (text: string): Iterable<Reading> => (SIGN.test(text) && !ORDINARY.test(text) ? odd(text) : []);

function* odd(text: string): Generator<Reading> {
  for (const { 0: found, 1: place = '', index } of text.matchAll(LEADING)) {
    if (PLAIN.test(found)) continue;
    const from = index + found.length - place.length;
    const rest = text.slice(from, from + LONGEST);
    for (const host of hostsOf(place)) yield { host, rest };
  }
}

/** Some end the place at a backslash or a question mark, others do not; of several `@` any may be the last one. */
function hostsOf(place: string): ReadonlySet<string> {
  const [first = ''] = place.split(/[\\?#]/, 1);
  return new Set([first, place].flatMap((each) => (each.includes('@') ? each.split('@').slice(1) : [each])));
}
