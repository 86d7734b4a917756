import type { Response } from 'express';
import { Refused } from '../problem.ts';

const LIMIT_MS = 30_000;

/** Passes a question on to Ferry, whole, and answers with what it says. */
export async function relay(res: Response, method: string, url: string, body: unknown): Promise<void> {
  await passOn(res, await asked(method, url, body));
}

export async function passOn(res: Response, answer: globalThis.Response): Promise<void> {
  const text = await answer.text();
  res.status(answer.status).type(answer.headers.get('content-type') ?? 'application/json');
  if (text === '') res.end();
  else res.send(text);
}

export async function asked(method: string, url: string, body: unknown): Promise<globalThis.Response> {
  try {
    return await fetch(url, {
      method,
      signal: AbortSignal.timeout(LIMIT_MS),
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refused(503, 'nobody who relocates applications answers');
  }
}
