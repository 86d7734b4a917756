import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** A body that cannot be read as what it says to be; `message` goes on after "answered". */
export class Unreadable extends Error {}

const decoders: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

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
  const decoder = decoders[name]?.();
  if (decoder === undefined) throw new Unreadable(`in the encoding ${name.slice(0, 20)}, though not asked to`);
  pipeline(body, decoder, () => undefined); // its failure is seen below
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { code = '' } = error as { code?: string };
    throw /^(Z_|ERR_BROTLI|ERR__ERROR)/.test(code) ? new Unreadable(`with something that is no ${name}`) : error;
  }
}

/** All of it, at most `limit` bytes. */
export async function whole(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > limit) throw new Unreadable(`with more than ${limit} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
