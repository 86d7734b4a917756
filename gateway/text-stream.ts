import { setTimeout as sleep } from 'node:timers/promises';
import { wouldTell } from './telling.ts';
import { translated, type Translation, WouldLeak } from './translation.ts';

/** What is written for people, or for a parser of text: lines of JSON, events, XML, lists to play. */
const TEXTUAL =
  /^\s*(?:text\/|[\w-]+\/(?:[\w.+-]+\+)?(?:xml|yaml|json-seq|x-yaml)\s*(?:;|$)|application\/(?:[\w.-]*ndjson|x-?json-?stream|jsonl|json-lines|[\w.]*mpegurl|x-mpegurl|javascript|sdp|x-www-form-urlencoded|[\w.]+\+stream)\s*(?:;|$))/i;

/** Of what does not say what it is nobody knows that it is none. */
export const isTextual = (type: string | undefined): boolean => type === undefined || TEXTUAL.test(type);

/** Its characters are those of ASCII, whatever else it has: else no address would be found in it. */
export const isReadable = (type: string | undefined): boolean =>
  !/;\s*charset\s*=\s*"?(?:utf-?(?:7|16|32)|ucs)/i.test(type ?? '');

/** A URL goes no further than to one of these. */
const BETWEEN = /[\s"'<>^`{|}]/;
const COLON = String.raw`(?::|%(?:25)*3a|\\u003a|&(?:#(?:x3a|58)|colon);?)`;
/** Here an address has begun, of which the rest is still to come. */
const BEGUN = new RegExp(String.raw`${COLON}[/%\\&]`, 'i');
/** It may begin with what comes next. */
const BEGINNING = new RegExp(String.raw`(?:${COLON}|%(?:25)*3?|\\u?0{0,2}3?|&#?x?[0-9a-z]{0,5})$`, 'i');
/** As much of a word as shows that. */
const SIGN = 64;
/** What begins like an address and does not end is none that anybody could use. */
const LONGEST = 64 * 1024;
/** Of what has gone on already: as much as a scheme. */
const BEFORE = 32;

/**
 * A text that streams, told as it comes: what may be the beginning of an address is kept back until its end is there, and
 * nothing else. One that had begun before is not told any more: WouldLeak.
 */
class TextStream {
  readonly #translation: Translation;
  #before = '';
  /** A part of one word, however it came. */
  #kept = '';
  #begun = false;

  constructor(translation: Translation) {
    this.#translation = translation;
  }

  /** Looks at what has come, and not again at what is kept: who sends one byte at a time costs no more. */
  next(chunk: string): string {
    let at = chunk.length;
    while (at > 0 && !BETWEEN.test(chunk[at - 1] ?? '')) at -= 1;
    const [done, going] = at === 0 ? ['', this.#kept] : [`${this.#kept}${chunk.slice(0, at)}`, ''];
    const word = `${going.slice(-SIGN)}${chunk.slice(at)}`;
    this.#begun = (going !== '' && this.#begun) || BEGUN.test(word);
    const kept = `${going}${chunk.slice(at)}`;
    const keeps = kept.length <= LONGEST && (this.#begun || BEGINNING.test(word.slice(-SIGN)));
    this.#kept = keeps ? kept : '';
    return this.#told(keeps ? done : `${done}${kept}`);
  }

  end(): string {
    return this.#told(this.#kept);
  }

  #told(text: string): string {
    if (text === '') return text;
    const told = translated(this.#before + text, this.#translation);
    if (!told.startsWith(this.#before)) throw new WouldLeak('an address began before');
    const now = told.slice(this.#before.length);
    this.#before = told.slice(-BEFORE).replace(/^[^]*[\s"'<>^`{|}]/, '');
    return now;
  }
}

/** Byte by byte, so that what is no ASCII stays as it is. Throws WouldLeak, also in the middle. */
export async function* toldText(
  chunks: AsyncIterable<Uint8Array>,
  translation: Translation,
): AsyncGenerator<Uint8Array> {
  const stream = new TextStream(translation);
  for await (const chunk of chunks) {
    const told = stream.next(Buffer.from(chunk).toString('latin1'));
    if (told !== '') yield Buffer.from(told, 'latin1');
  }
  const rest = stream.end();
  if (rest !== '') yield Buffer.from(rest, 'latin1');
}

/** So long the first words are waited for before the headers of an answer go on. */
const BEGINS_MS = 100;

/** What is to be refused is refused at once where it is seen at once: later it can only be cut. */
export async function begun(told: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const first = told.next();
  first.catch(() => undefined); // it is awaited below, if anybody still listens
  await Promise.race([first, sleep(BEGINS_MS, undefined, { ref: false })]);
  return (async function* () {
    const { value, done } = await first;
    if (done === true) return;
    yield value;
    yield* told;
  })();
}

/**
 * The body of a request, byte for byte: a text that says nothing which would have to be told otherwise. Throws a refusal (400):
 * whoever asks can mend it.
 */
export async function* untold(
  chunks: AsyncIterable<Uint8Array>,
  type: string | undefined,
  translation: Translation,
): AsyncGenerator<Uint8Array> {
  if (!isTextual(type)) {
    yield* chunks;
    return;
  }
  try {
    yield* unchanged(chunks, translation);
  } catch (error) {
    throw error instanceof WouldLeak ? wouldTell() : error;
  }
}

async function* unchanged(chunks: AsyncIterable<Uint8Array>, translation: Translation): AsyncGenerator<Uint8Array> {
  let heard = '';
  const hearing = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      heard += Buffer.from(chunk).toString('latin1');
      yield chunk;
    }
  };
  for await (const told of toldText(hearing(), translation)) {
    const text = Buffer.from(told).toString('latin1');
    if (!heard.startsWith(text)) throw new WouldLeak('an address would have to be told otherwise');
    heard = heard.slice(text.length);
    yield told;
  }
}
