import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';

/** Answers with a problem document (RFC 9457), in the words of a peer that has its own. */
export function problem(res: Response, status: number, detail: string): void {
  const wording = res.locals['wording'] as ((text: string) => string) | undefined;
  const told = wording?.(detail) ?? detail;
  const document = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Problem', status, detail: told };
  res.status(status).type('application/problem+json').send(JSON.stringify(document));
}

/** Thrown where a call is refused: the frame answers it as a problem document. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** What was looked for, or a 404. */
export function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Refused(404, `no ${what}`);
  return value;
}
