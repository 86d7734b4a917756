import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { within } from '../../activities/within.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** As a step does that looks between one call and the next. */
async function looked(signal: AbortSignal, times: number): Promise<boolean> {
  for (let n = 0; n < times && !signal.aborted; n += 1) {
    collect();
    await sleep(10);
  }
  return signal.aborted;
}

it('ends after its time also where garbage was collected meanwhile', async () => {
  const signal = within(new AbortController().signal, 20);
  expect(await looked(signal, 200)).toBe(true);
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});

it('ends with the signal, and with its reason', async () => {
  const stop = new AbortController();
  const signal = within(stop.signal, 60_000);
  collect();
  stop.abort('stopped');
  expect([signal.aborted, signal.reason]).toEqual([true, 'stopped']);
});

const rooms = [
  'activities',
  'adapters',
  'api',
  'catalogue',
  'cli',
  'doors',
  'gateway',
  'sandbox',
  'servers',
  'temporal',
  'worker',
];

it('is how every such signal is made', () => {
  const sources = rooms.flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' }).map((path) => `${room}/${path}`),
  );
  const joined = sources.filter(
    (path) => path.endsWith('.ts') && /AbortSignal\.any\([^;]*AbortSignal\.timeout/.test(readFileSync(path, 'utf8')),
  );
  expect(joined).toEqual([]);
});
