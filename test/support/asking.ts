import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { busy } from './busy.ts';

export interface Answer<B> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: B;
}

/** Asks a peer, on a connection of its own, and reads the JSON that it answers; the test says what it expects that to be. */
export async function ask<B = unknown>(
  method: string,
  url: string,
  body?: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer<B>> {
  const answer = await fetch(url, {
    method,
    headers: { ...more, connection: 'close', ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
}

/** Looks again until what is seen is as wanted; when it never is, shows what was seen last. */
export async function eventually<T>(look: () => T | Promise<T>, wanted: (seen: T) => boolean): Promise<T> {
  const begun = Date.now();
  for (;;) {
    const seen = await look();
    if (wanted(seen)) return seen;
    if (Date.now() > begun + 10_000 * busy()) expect.fail(`never came: ${JSON.stringify(seen)}`);
    await pause(20);
  }
}
