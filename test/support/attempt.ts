import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { busy } from './busy.ts';

const silent = new DefaultLogger('ERROR');
/** Of a server that hears whatever it is told. */
const clientOf = (heard: () => void): Client =>
  ({
    activity: { heartbeat: async () => heard() },
    withAbortSignal: async (_: unknown, ask: () => Promise<void>) => await ask(),
  }) as unknown as Client;

/**
 * One attempt of an activity, with time for a machine that has other work; that it fails is no line of the log. `heard`: what
 * it keeps, by a server whose answer it awaits.
 */
export function attemptOf(
  info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {},
  heard: () => void = () => undefined,
): MockActivityEnvironment {
  const limitMs = 1_000 * busy();
  const time = { startToCloseTimeoutMs: limitMs, scheduleToCloseTimeoutMs: limitMs };
  return new MockActivityEnvironment({ ...time, ...info }, { logger: silent, client: clientOf(heard) });
}
