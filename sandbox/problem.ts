import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';

/** Answers with a problem document (RFC 9457). */
export function problem(res: Response, status: number, detail: string): void {
  const document = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Problem', status, detail };
  res.status(status).type('application/problem+json').send(JSON.stringify(document));
}
