import { setTimeout as sleep } from 'node:timers/promises';
import { Unreadable } from '../adapters/body.ts';
import { HttpRefusal } from '../doors/refusal.ts';
import { wouldTell } from './telling.ts';
import { translated, type Translation, WouldLeak } from './translation.ts';

/** What is no text, and is not looked into. Of anything else nobody knows that it is none: it is read, and passes byte for byte. */
const BINARY =
  /^\s*(?:(?:image|audio|video|font)\/(?!(?:[\w.+-]+\+(?:xml|json)|[\w.-]*mpegurl)\s*(?:;|$))|[\w-]+\/(?:[\w.+-]+\+)?(?:octet-stream|pdf|zip|gzip|x-gzip|zstd|brotli|x-tar|x-bzip2?|x-xz|x-7z-compressed|vnd\.rar|java-archive|wasm|cbor|x-?protobuf|vnd\.google\.protobuf|grpc(?:\+\w+)?|grpc-web(?:\+\w+)?|x?-?msgpack|vnd\.msgpack|avro|vnd\.apache\.[\w.-]+|x-ndarray|ber|der|pkix-[\w-]+|pkcs\d+[\w-]*|ocsp-\w+|timestamp-\w+)\s*(?:;|$))/i;

export const isTextual = (type: string | undefined): boolean => !BINARY.test(type ?? '');

/** A text, and no parts of several types: it has no NUL, unless each of its characters takes more than a byte. */
const TEXT =
  /^\s*(?:text\/|[\w-]+\/(?:[\w.+-]+\+)?(?:xml|yaml|x-yaml|json-seq|link-format|sdp|x-www-form-urlencoded|javascript)\s*(?:;|$)|application\/(?:[\w.-]*ndjson|x-?json-?stream|jsonl|json-lines|[\w.]*mpegurl|[\w.]+\+stream)\s*(?:;|$))/i;
/** Its characters are those of ASCII, whatever else it has: else no address would be found in it. */
const WITH_ASCII =
  /^(?:utf-?8|(?:us-)?ascii|iso[-_]?8859[-_]?\d+(?:-[ei])?|latin[-_]?\d+|l\d|(?:windows|cp)-?125\d|gb2312|gbk|gb18030|big5(?:-hkscs)?|euc-(?:jp|kr|tw)|shift[-_]?jis|sjis|koi8-[ru]|tis-620|macintosh)$/i;

export const isReadable = (type: string | undefined): boolean =>
  [...(type ?? '').matchAll(/;\s*charset\s*=\s*["']?([^\s"';]*)/gi)].every(([, name = '']) => WITH_ASCII.test(name));

/** A URL goes no further than to one of these. */
const BETWEEN = /[\s"'<>^`{|}]/;
const COLON = String.raw`(?::|%(?:25)*3a|\\u003a|&(?:#(?:x3a|58)|colon);?)`;
const SLASH = String.raw`(?:[/\\]|%(?:25)*(?:2f|5c)|&(?:#(?:x2f|47|x5c|92)|sol|bsol);?)`;
/** Here an address has begun, of which the rest is still to come. */
const BEGUN = new RegExp(String.raw`${COLON}[/%\\&]|${SLASH}{2}|(?:https?|wss?|ftp)${COLON}`, 'i');
/** It may begin with what comes next. */
const BEGINNING = new RegExp(String.raw`(?:${COLON}|${SLASH}|%(?:25)*[235]?|\\u?0{0,2}3?|&#?x?[0-9a-z]{0,5})$`, 'i');
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

/** It begins so where its characters take two bytes each, or four. */
const MARKS = [Buffer.of(0xff, 0xfe), Buffer.of(0xfe, 0xff), Buffer.of(0, 0, 0xfe)];

/** What a parser would read by its own bytes, whatever it is said to be, and we would not. Throws Unreadable. */
export async function* inAscii(
  chunks: AsyncIterable<Uint8Array>,
  type: string | undefined,
): AsyncGenerator<Uint8Array> {
  let head = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head.length < 3) head = Buffer.concat([head, chunk.subarray(0, 3 - head.length)]);
    const isMarked = MARKS.some((mark) => head.subarray(0, mark.length).equals(mark));
    if (isMarked || (TEXT.test(type ?? '') && chunk.includes(0)))
      throw new Unreadable('in an encoding that cannot be read');
    yield chunk;
  }
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
    yield* unchanged(inAscii(chunks, type), translation);
  } catch (error) {
    if (error instanceof Unreadable) throw inUtf8();
    throw error instanceof WouldLeak ? wouldTell() : error;
  }
}

export const inUtf8 = (): HttpRefusal => new HttpRefusal(415, 'texts are taken in UTF-8', 'Send it in UTF-8.');

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
