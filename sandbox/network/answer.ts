import { type IncomingHttpHeaders, type IncomingMessage, request, type RequestOptions } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask extends Pick<RequestOptions, 'agent' | 'createConnection' | 'method' | 'path'> {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const BODY_BYTES = 64 << 10;

/** Sends a request (JSON, where it has a body) and reads the whole answer, of 64 KiB at most. The signal ends both. */
export async function answerTo(options: Ask, body?: string): Promise<Answer> {
  const json =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const req = request({ ...options, headers: { ...options.headers, ...json } });
  const res = await new Promise<IncomingMessage>((resolve, reject) => {
    req.on('error', reject);
    req.once('response', resolve);
    req.end(body);
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of res as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES) throw new Error(`an answer of more than ${BODY_BYTES} bytes`); // leaving the loop destroys it
    chunks.push(chunk);
  }
  return { status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks).toString('utf8') };
}
