import { Agent, type IncomingMessage, request } from 'node:http';
import { request as requestByTls } from 'node:https';
import { type Certificate, headersFor, type Proof } from './proof.ts';

/** What a peer said: 0 when it said nothing. `type`: of its problem document. */
export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
  /** Its host says that nothing listens there. */
  readonly refused: boolean;
}

interface Asked {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly certificate?: Certificate | undefined;
}

export interface Passed {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const LARGEST_BODY = 64 * 1024 * 1024;
const agent = new Agent({ keepAlive: true, maxSockets: 128 });

/** Tells a peer something; never throws. `proof`: where it wants to see one. */
export async function post(url: string, body: object, timeoutMs: number, proof: Proof = {}): Promise<Answer> {
  try {
    const headers = { 'content-type': 'application/json', ...headersFor(proof) };
    const asked = { method: 'POST', headers, certificate: proof.certificate };
    const { status, body: said } = await exchange(url, asked, JSON.stringify(body), timeoutMs);
    const parsed = jsonOf(said);
    return { status, type: status < 400 ? null : typeOf(parsed), body: parsed, refused: false };
  } catch (error) {
    const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
    return { status: 0, type: null, body: null, refused };
  }
}

/** One request on a kept connection. One that the peer had closed meanwhile is opened anew: every call is repeatable. */
export async function exchange(url: string, asked: Asked, body: string, timeoutMs: number): Promise<Passed> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await attempt(url, asked, body, signal);
  } catch (error) {
    if (!(error instanceof KeptConnectionClosed)) throw error;
    return await attempt(url, asked, body, signal);
  }
}

class KeptConnectionClosed extends Error {}

const attempt = async (
  url: string,
  { method, headers, certificate }: Asked,
  body: string,
  signal: AbortSignal,
): Promise<Passed> =>
  await new Promise((resolve, reject) => {
    const framed = { ...headers, 'content-length': Buffer.byteLength(body) };
    const [ask, by] = certificate === undefined ? [request, agent] : [requestByTls, certificate.agent];
    const asked = ask(url, { method, headers: framed, agent: by, signal }, (answer) => {
      read(answer, LARGEST_BODY).then(
        (said) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: said }),
        reject,
      );
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      reject(asked.reusedSocket && error.code === 'ECONNRESET' ? new KeptConnectionClosed() : error),
    );
    asked.end(body);
  });

export class TooLarge extends Error {}

/** The whole body. Throws TooLarge. */
export async function read(message: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}

function typeOf(body: unknown): string | null {
  const { type } = (body ?? {}) as { type?: unknown };
  return typeof type === 'string' ? type : null;
}
