import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Refused } from './messages.ts';

/** Thrown where a call makes no sense: answered as a problem document. */
export class Malformed extends Error {
  readonly status: number;

  constructor(detail: string, status = 400) {
    super(detail);
    this.status = status;
  }
}

/** How each refusal is answered. 503: come again. 504: the target's silence, not ours. */
const statuses: Readonly<Record<Refused | 'AuthorityUnreachable', number>> = {
  NoAuthority: 503,
  TooManyHops: 503,
  AuthorityUnreachable: 503,
  TargetSilent: 504,
  NotServing: 409,
  PromisedElsewhere: 409,
  NotPromised: 409,
  Kept: 409,
  TargetRefused: 409,
  Authority: 409,
  Outdated: 409,
  Incomplete: 409,
  NotPrepared: 409,
  Retiring: 409,
};

export function json(res: ServerResponse, status: number, body: object): void {
  send(res, status, 'application/json', JSON.stringify(body));
}

/** RFC 9457; `type` is the refusal's name. */
export function refusal(res: ServerResponse, type: Refused | 'AuthorityUnreachable', relocation?: string | null): void {
  const status = statuses[type];
  problem(res, { type, status, ...(relocation && { relocation }) });
}

export function malformed(res: ServerResponse, error: unknown): void {
  const [status, detail] = error instanceof Malformed ? [error.status, error.message] : [500, 'an error of ours'];
  problem(res, { type: 'about:blank', status, detail });
}

function problem(
  res: ServerResponse,
  members: { type: string; status: number; detail?: string; relocation?: string },
): void {
  const title = STATUS_CODES[members.status] ?? 'Problem';
  send(res, members.status, 'application/problem+json', JSON.stringify({ title, ...members }));
}

function send(res: ServerResponse, status: number, type: string, text: string): void {
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}
