import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isGrpcServiceError, ServiceError } from '@temporalio/client';
import { Deadline } from '../adapters/deadline.ts';

/** Between two attempts while Temporal does not answer. */
const [AGAIN_MS, LATEST_MS] = [200, 5_000];

export const CALL_MS = 10_000;
/**
 * Its deadline lies behind the time that a call has: a server answers who waits for the end of a run a second before it, and
 * who asks again within that second is answered at once, some thousand times.
 */
const BEHIND = 2;

export type Calls = <T>(signal: AbortSignal, limitMs: number, work: () => Promise<T>) => Promise<T>;

/**
 * Calls of Temporal from an activity: until it answers, or `signal` says that nobody waits for it; then what is under way
 * ends at once, where the connection can end a call.
 */
export const callsOver =
  (temporal: Client): Calls =>
  async (signal, limitMs, work) => {
    for (let pauseMs = AGAIN_MS; ; pauseMs = Math.min(pauseMs * 2, LATEST_MS)) {
      signal.throwIfAborted();
      // Of its own for every call: the client listens to it for ever, and so keeps all that the step knew with the step's
      const own = new Deadline(limitMs, signal);
      try {
        const within = async () => await temporal.withDeadline(Date.now() + BEHIND * limitMs, work);
        return await temporal.withAbortSignal(own.signal, within);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ServiceError || isGrpcServiceError(error))) throw error;
      } finally {
        own.end();
      }
      await sleep(pauseMs, undefined, { signal });
    }
  };
