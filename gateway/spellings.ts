/** How a URL may be written in a text, and how it is read and written there. */
export interface Spelling {
  /** Without it there is none. */
  readonly sign: RegExp;
  readonly urls: RegExp;
  /** Undefined: it is none. */
  readonly read: (found: string) => string | undefined;
  readonly write: (url: string) => string;
}

/** Begins where the first letter of a run stands: the run is not searched again from each of the others. */
const SCHEME = '[a-z](?<=(?<![a-z0-9+.-])[0-9+.-]*[a-z])[a-z0-9+.-]*';
/** Ends before what stands around URLs in texts, before the parts of a template (RFC 6570), and before what is no ASCII. */
const AROUND = `\\s"'<>^\`{|}\\x80-\\uffff`;

export const spellings: readonly Spelling[] = [
  {
    sign: /:\/\//,
    urls: new RegExp(`${SCHEME}://[^${AROUND}\\\\]+`, 'gi'),
    read: (found) => found,
    write: (url) => url,
  },
  {
    // As JSON may have it: in a text within a text, or in what streams
    sign: /:\\\/\\\//,
    urls: new RegExp(`${SCHEME}:\\\\/\\\\/(?:\\\\/|[^${AROUND}\\\\])+`, 'gi'),
    read: (found) => found.replaceAll('\\/', '/'),
    write: (url) => url.replaceAll('/', '\\/'),
  },
  {
    // Within the query of another URL
    sign: /%2f%2f/i,
    urls: new RegExp(`${SCHEME}(?::|%3a)%2f%2f[^${AROUND}\\\\&;,?#=+]+`, 'gi'),
    read: decoded,
    write: encodeURIComponent,
  },
];

function decoded(found: string): string | undefined {
  try {
    return decodeURIComponent(found);
  } catch {
    return undefined;
  }
}

/** Some encode what is encoded. */
const ROUNDS = 3;
const ESCAPES =
  /%[0-7][0-9a-f]|\\u00[0-7][0-9a-f]|\\x[0-7][0-9a-f]|\\\/|&#(?:x0*[0-7]?[0-9a-f]|0*\d{1,3});|&(?:colon|sol|period|amp);/gi;
const NAMED: Readonly<Record<string, string>> = { '&colon;': ':', '&sol;': '/', '&period;': '.', '&amp;': '&' };

/** A text as it would be read by those who resolve what is escaped in it, again and again, as long as that changes it. */
export function unspelled(text: string): readonly string[] {
  const all: string[] = [];
  let last = text;
  for (let round = 0; round < ROUNDS; round += 1) {
    const read = last.replaceAll(ESCAPES, known);
    if (read === last) break;
    all.push(read);
    last = read;
  }
  return all;
}

/** There are some hundreds that are as short as that, and whoever writes thousands writes the same again and again. */
const SHORT = 6;
const characters = new Map<string, string>();

function known(escape: string): string {
  if (escape.length > SHORT) return character(escape);
  const before = characters.get(escape);
  if (before !== undefined) return before;
  const read = character(escape);
  characters.set(escape, read);
  return read;
}

function character(escape: string): string {
  if (escape === '\\/') return '/';
  const named = NAMED[escape.toLowerCase()];
  if (named !== undefined) return named;
  const [, hex = '', decimal = ''] = /(?:%|\\u00|\\x|&#x0*)([0-9a-f]+);?$|&#0*(\d+);$/i.exec(escape) ?? [];
  const code = hex === '' ? Number(decimal) : Number.parseInt(hex, 16);
  return code < 0x80 ? String.fromCharCode(code) : escape;
}
