import { setImmediate as turn } from 'node:timers/promises';
import { plain, whole } from '../adapters/body.ts';
import type { HttpRefusal } from '../doors/refusal.ts';
import { type Field, withoutBody } from './headers.ts';
import { type Found, retold, stringsOf } from './json-text.ts';
import { malformed, type Target } from './target.ts';
import {
  namesHidden,
  translated,
  translatedLinks,
  translatedReference,
  type Translation,
  WouldLeak,
} from './translation.ts';

/** JSON is read whole, and hence bounded; all else streams. */
export const JSON_LIMIT = 1024 * 1024;

/** How something is told on the other side, once it is known which strings it has. */
export type Telling = (strings: readonly Found[]) => Promise<Translation>;

export class TooLong extends Error {}

/** A JSON body as it is told on the other side; an empty one is none. Throws TooLong, SyntaxError, WouldLeak, Unreadable. */
export async function toldJson(
  body: AsyncIterable<Uint8Array>,
  telling: Telling,
): Promise<{ readonly text: string; readonly read: number; readonly translation: Translation }> {
  const bytes = await whole(body, JSON_LIMIT, () => new TooLong());
  if (bytes.byteLength === 0) return { text: '', read: 0, translation: await telling([]) };
  await letThrough(bytes.byteLength);
  const text = textOf(bytes);
  const strings = stringsOf(text);
  const translation = await telling(strings);
  await letThrough(bytes.byteLength);
  return {
    text: retold(text, strings, (value) => toldString(value, translation)),
    read: bytes.byteLength,
    translation,
  };
}

const ADDRESS = /^[\0- ]*(?:[a-z][a-z0-9+.-]*:|[\\/]{2})/i;

/** Parsers pass over tabs and ends of lines, wherever they stand in an address (WHATWG URL, 4.4). */
function toldString(value: string, translation: Translation): string {
  const joined = /[\t\n\r]/.test(value) ? value.replaceAll(/[\t\n\r]+/g, '') : value;
  if (joined !== value && ADDRESS.test(joined)) translated(joined, translation);
  return translated(value, translation);
}

/** What takes so long to read that others are let through before. */
const LONG = 16 * 1024;
let latest: Promise<void> = Promise.resolve();

/** Of those that are long one is read in a turn of the event loop, however many there are at once. */
async function letThrough(bytes: number): Promise<void> {
  if (bytes >= LONG) await (latest = latest.then(async () => await turn()));
}

/** Whole, in the encoding that it has though none was asked for. */
export const decoded = (body: Parameters<typeof plain>[0], encoding: string | undefined): AsyncIterable<Uint8Array> =>
  plain(body, encoding);

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SyntaxError('is no UTF-8');
  }
}

const references: Readonly<Record<string, typeof translatedReference>> = {
  location: translatedReference,
  'content-location': translatedReference,
  link: translatedLinks,
};

/** What refers to resources is told; what would speak of the inside besides is left out. Throws WouldLeak. */
export const toldFields = (fields: readonly Field[], asked: string, translation: Translation): Field[] =>
  fields.flatMap(([name, value]) => {
    const told = references[name.toLowerCase()];
    if (told !== undefined) return [[name, told(value, asked, translation)] as const];
    try {
      const said = translated(value, translation);
      return namesHidden(said, translation) ? [] : [[name, said] as const];
    } catch (error) {
      if (error instanceof WouldLeak) return [];
      throw error;
    }
  });

/** Of a body that was told anew. */
export const withLength = (fields: readonly Field[], text: string): Field[] => [
  ...withoutBody(fields),
  ['content-length', String(Buffer.byteLength(text))],
];

/** A target is sent as it is: it may not say what would have to be told otherwise. Throws a refusal (400). */
export function demandTold({ path, query }: Target, translation: Translation): void {
  if (translation.hides === undefined || !/:|%3a|[\\/]{2}|(?:%2f|%5c){2}/i.test(`${path} ${query}`)) return;
  for (const text of [path, ...new URLSearchParams(query)].flat()) if (!isTold(text, translation)) throw wouldTell();
}

function isTold(text: string, translation: Translation): boolean {
  try {
    return translated(text, translation) === text;
  } catch (error) {
    if (error instanceof WouldLeak) return false;
    throw error;
  }
}

/** Of a request: whoever asks can mend it. */
export const wouldTell = (): HttpRefusal => malformed('the request names an address that has no name outside');
