import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { callsOver } from '../../worker/calls.ts';

/** The client of Temporal listens to the signal that it is given, and never ceases. */
const given: AbortSignal[] = [];
const temporal = {
  withDeadline: async (_: unknown, work: () => Promise<unknown>) => await work(),
  withAbortSignal: async (signal: AbortSignal, work: () => Promise<unknown>) => {
    given.push(signal);
    return await work();
  },
} as unknown as Client;
const call = callsOver(temporal);

it('a call that has been answered is cut off from its step, whose signal would keep both', async () => {
  const step = new AbortController();
  const signal = AbortSignal.any([step.signal]);
  await expect(call(signal, 1_000, async () => 'answered')).resolves.toBe('answered');
  step.abort();
  expect(given.at(-1)?.aborted).toBe(false);
});

it('a call under way ends with its step', async () => {
  const step = new AbortController();
  const asked = call(step.signal, 1_000, async () => {
    step.abort(new Error('nobody waits for it'));
    return given.at(-1)?.aborted;
  });
  await expect(asked).resolves.toBe(true);
});
