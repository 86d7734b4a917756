import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isGrpcServiceError, ServiceError } from '@temporalio/client';

/** Between two attempts while Temporal does not answer. */
const [AGAIN_MS, LATEST_MS] = [200, 5_000];

export const CALL_MS = 10_000;

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
      // Of its own for every call: fifty listen at once, and the client takes off none
      const own = AbortSignal.any([signal]);
      try {
        const within = async () => await temporal.withDeadline(Date.now() + limitMs, work);
        return await temporal.withAbortSignal(own, within);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ServiceError || isGrpcServiceError(error))) throw error;
        await sleep(pauseMs, undefined, { signal: own });
      }
    }
  };
