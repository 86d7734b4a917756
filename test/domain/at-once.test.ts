import { expect, it } from 'vitest';
import { atOnce, everyAtOnce } from '../../domain/at-once.ts';

it('works through all of them, so many at once, and answers in their order', async () => {
  let running = 0;
  let most = 0;
  const doubled = await atOnce(3, [5, 4, 3, 2, 1], async (n) => {
    most = Math.max(most, (running += 1));
    for (let turn = 0; turn < n; turn += 1) await Promise.resolve();
    running -= 1;
    return 2 * n;
  });
  expect(doubled).toEqual([10, 8, 6, 4, 2]);
  expect(most).toBe(3);
});

it('begins nothing after a failure, and ends what is under way before it tells', async () => {
  const ended: number[] = [];
  const work = async (n: number): Promise<void> => {
    if (n === 1) throw new Error('one');
    await new Promise((settled) => setImmediate(settled));
    ended.push(n);
  };
  await expect(atOnce(2, [0, 1, 2, 3], work)).rejects.toThrow('one');
  expect(ended).toEqual([0]);
});

it('gives every one its turn where that is wanted, and tells what each came to', async () => {
  const begun: number[] = [];
  const told = await everyAtOnce(2, [0, 1, 2, 3], async (n) => {
    begun.push(n);
    if (n % 2 === 1) throw new Error(`${n}`);
    return n;
  });
  expect(begun).toEqual([0, 1, 2, 3]);
  expect(told.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
    0,
    'Error: 1',
    2,
    'Error: 3',
  ]);
});
