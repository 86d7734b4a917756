import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** HTTP, as instances speak it to each other and to whoever asks them. */

/** Says no, by the name that the contract has for it. */
export class Refused extends Error {
  readonly type: string;
  readonly relocation: string | null;

  constructor(type: string, relocation: string | null = null) {
    super(type);
    this.type = type;
    this.relocation = relocation;
  }
}

/** The request makes no sense. */
export class Malformed extends Error {
  readonly status: number;

  constructor(detail: string, status = 400) {
    super(detail);
    this.status = status;
  }
}

/** Ferry and other instances show it: whoever reaches the management endpoint could take users away. */
const { MANAGEMENT_TOKEN: token = '' } = process.env;
const proof: Readonly<Record<string, string>> = token === '' ? {} : { authorization: `Bearer ${token}` };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export function demandToken({ headers }: IncomingMessage): void {
  if (token !== '' && !timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`)))
    throw new Malformed('who calls has to show the token', 401);
}

const STATUS: Readonly<Record<string, number>> = {
  NoAuthority: 503,
  TooManyHops: 503,
  AuthorityUnreachable: 503,
  TargetSilent: 504,
};

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly ms?: number;
}

/** Throws when nobody answers in time. */
export async function ask(url: string, { method = 'POST', headers = {}, body = '', ms = 2_000 }: Asked) {
  const own = method === 'GET' ? {} : { body };
  const signal = AbortSignal.timeout(ms);
  const answer = await fetch(url, {
    method,
    signal,
    headers: { 'content-type': 'application/json', ...headers },
    ...own,
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** Tells another instance something. `status` 0: it said nothing; `refused`: nothing listens there any more. */
export async function tell(peer: string, path: string, message: object, ms = 2_000) {
  try {
    const { status, text } = await ask(`http://${peer}${path}`, { body: JSON.stringify(message), headers: proof, ms });
    const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>;
    return { status, type: status < 400 ? null : body['type'], body, refused: false };
  } catch (error) {
    return {
      status: 0,
      type: null,
      body: {},
      refused: ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED',
    };
  }
}

export async function read(message: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw new Malformed('too large', 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

export async function jsonIn(message: IncomingMessage, most: number): Promise<Record<string, unknown>> {
  const text = await read(message, most);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // no JSON either
  }
  throw new Malformed('no JSON object');
}

export function send(res: ServerResponse, status: number, body: object | null, type = 'application/json'): void {
  if (body === null) return void res.writeHead(204).end();
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** RFC 9457; `type` is the refusal's name. */
export function problem(res: ServerResponse, error: unknown): void {
  const told = (status: number, members: object): void =>
    send(res, status, { status, ...members }, 'application/problem+json');
  if (error instanceof Refused) {
    const { type, relocation } = error;
    told(STATUS[type] ?? 409, { type, title: type, ...(relocation !== null && { relocation }) });
  } else if (error instanceof Malformed) told(error.status, { type: 'about:blank', detail: error.message });
  else {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    told(500, { type: 'about:blank', detail: 'an error of ours' });
  }
}
