import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Work } from './steps.ts';

const agent = new Agent({ connections: 64, pipelining: 1 });

async function call(url: string): Promise<void> {
  const { body } = await request(url, { dispatcher: agent });
  await body.dump();
}

async function work({ calls = [], pollForMs = 0, pollEveryMs = 20, bytes = 0 }: Work): Promise<string> {
  for (const url of calls) await call(url);
  const [poll] = calls;
  const end = performance.now() + pollForMs;
  while (poll !== undefined && performance.now() < end) {
    await pause(pollEveryMs);
    await call(poll);
  }
  return 'x'.repeat(bytes);
}

/** What activities of twins do: ask, wait for an operation, answer something of a size. */
export const twinActivities = { work };
export type TwinActivities = typeof twinActivities;

/** The same work without anything durable. */
export async function callsOneAfterTheOther(all: readonly Work[]): Promise<void> {
  for (const each of all) await work(each);
}
