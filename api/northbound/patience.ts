import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { isLimit } from '../problem.ts';
import { CALL_MS } from './reader.ts';

/** So long a request waits until Temporal takes more calls again; then its caller is told when to come back. */
const PATIENCE_MS = 20_000;
const FIRST_MS = 200;
const LONGEST_MS = 1_500;

/** One call of Temporal; where it has reached a limit of calls, once more after a while, within a request's patience. */
export async function patiently<T>(temporal: Client, call: () => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  for (let wait = FIRST_MS; ; wait = Math.min(wait * 1.7, LONGEST_MS))
    try {
      return await temporal.withDeadline(Math.min(Date.now() + CALL_MS, until), call);
    } catch (error) {
      const pause = wait * (0.5 + Math.random()); // those who wait together do not come back together
      if (!isLimit(error) || Date.now() + pause >= until) throw error;
      await sleep(pause);
    }
}
