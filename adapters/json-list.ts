import { Gathered, Unreadable, whole } from './body.ts';
import { parseJson } from './json.ts';

export interface Entry {
  readonly value: unknown;
  /** Bytes on the wire. */
  readonly size: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
/** White space of JSON, and the mark of order that some write before it. */
const NOTHING = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

/**
 * The entries of a list, one by one as its bytes come, so that a list takes the memory of its longest entry. What is no JSON,
 * or what no document should have, spoils its own entry and no other: it is `undefined`. Nothing at all, `null` and an object
 * without members are lists without entries; an object with one member that is a list is that list (MEC 009 files wrap bodies).
 * `limit`: of an entry; `wrapped`: of a list in an object, which is read whole.
 */
export async function* entriesOf(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
  wrapped = limit,
): AsyncGenerator<Entry> {
  const splitter = new Splitter(limit);
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (let first: number | undefined; ; ) {
      const next = await iterator.next();
      if (next.done === true) break;
      first ??= next.value.find((byte) => !NOTHING.has(byte));
      if (first === undefined || first === OPEN_LIST) yield* splitter.split(next.value);
      else yield* inside(next.value, iterator, wrapped); // to its end
    }
  } finally {
    await iterator.return?.();
  }
  splitter.end();
}

/** It is no list: is there one in it? */
async function* inside(begun: Uint8Array, rest: AsyncIterator<Uint8Array>, limit: number): AsyncGenerator<Entry> {
  async function* all(): AsyncGenerator<Uint8Array> {
    yield begun;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  }
  const body = parseJson(await whole(all(), limit));
  const members: unknown[] = typeof body === 'object' && body !== null ? Object.values(body) : [body];
  const [list] = members;
  if (body === null || members.length === 0 || (members.length === 1 && list === null)) return;
  if (members.length !== 1 || !Array.isArray(list)) throw new SyntaxError('is no list');
  for (const value of list as unknown[]) yield { value, size: Buffer.byteLength(JSON.stringify(value)) };
}

/** Finds where an entry ends by quotes and brackets alone; what it says is for the parser. */
class Splitter {
  readonly #limit: number;
  readonly #gathered = new Gathered();
  #depth = 0;
  #inText = false;
  #escaped = false;
  #first = true;
  #ended = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  *split(chunk: Uint8Array): Generator<Entry> {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inText = false;
      } else if (this.#depth === 0) {
        if (NOTHING.has(byte)) continue;
        if (byte !== OPEN_LIST || this.#ended) throw new SyntaxError('is no JSON');
        this.#depth = 1;
        from = at + 1;
      } else if (byte === QUOTE) this.#inText = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#depth += 1;
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        this.#depth -= 1;
        if (this.#depth > 0) continue;
        if (byte !== CLOSE_LIST) throw new SyntaxError('is no JSON');
        this.#ended = true;
        yield* this.#entry(chunk.subarray(from, at));
      } else if (byte === COMMA && this.#depth === 1) {
        yield* this.#entry(chunk.subarray(from, at));
        from = at + 1;
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(from));
  }

  end(): void {
    if (this.#depth > 0) throw new SyntaxError('ends in the middle of a list');
  }

  *#entry(last: Uint8Array): Generator<Entry> {
    this.#keep(last);
    const bytes = this.#gathered.take();
    const size = bytes.byteLength;
    const empty = bytes.every((byte) => NOTHING.has(byte));
    if (empty && this.#ended && this.#first) return;
    this.#first = false;
    yield { value: empty ? undefined : parsed(bytes), size };
  }

  #keep(part: Uint8Array): void {
    if (this.#gathered.size + part.byteLength > this.#limit)
      throw new Unreadable(`with an entry of more than ${this.#limit} bytes`);
    this.#gathered.add(part);
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch {
    return undefined;
  }
}
