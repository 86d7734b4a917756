import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** A body that cannot be read as what it says to be; `message` goes on after "answered". */
export class Unreadable extends Error {}

const decoders: ReadonlyMap<string, () => NodeJS.ReadWriteStream> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/**
 * The bytes of a body. Some servers and the proxies before them encode though they were asked not to (RFC 9110, 12.5.3): decoded,
 * so that every bound is one on what was decoded.
 */
export async function* plain(body: Readable, encoding: string | undefined): AsyncGenerator<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') {
    yield* body as AsyncIterable<Uint8Array>;
    return;
  }
  const decoder = decoders.get(name)?.();
  if (decoder === undefined) throw new Unreadable(`in the encoding ${name.slice(0, 20)}, though not asked to`);
  pipeline(body, decoder, () => undefined); // its failure is seen below
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { code = '' } = error as { code?: string };
    throw /^(Z_|ERR_BROTLI|ERR__ERROR)/.test(code) ? new Unreadable(`with something that is no ${name}`) : error;
  }
}

/** Bytes that come in pieces: however small these are, they cost their bytes and nothing else. */
export class Gathered {
  #held = Buffer.alloc(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(piece: Uint8Array): void {
    const size = this.#size + piece.byteLength;
    if (size > this.#held.length) {
      const wider = Buffer.allocUnsafe(Math.max(size, 2 * this.#held.length));
      this.#held.copy(wider, 0, 0, this.#size);
      this.#held = wider;
    }
    this.#held.set(piece, this.#size);
    this.#size = size;
  }

  /** What is there; begins anew. */
  take(): Uint8Array {
    const all = this.#held.subarray(0, this.#size);
    [this.#held, this.#size] = [Buffer.alloc(0), 0];
    return all;
  }
}

/** All of it, at most `limit` bytes. */
export async function whole(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
  tooLong = (): Error => new Unreadable(`with more than ${limit} bytes`),
): Promise<Uint8Array> {
  const gathered = new Gathered();
  for await (const chunk of chunks) {
    if (gathered.size + chunk.byteLength > limit) throw tooLong();
    gathered.add(chunk);
  }
  return gathered.take();
}
