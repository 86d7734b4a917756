import { afterEach, describe, expect, it } from 'vitest';
import { keepUp, type Running } from '../../cli/kept.ts';
import { eventually } from './eventually.ts';

const pace = { firstMs: 5, longestMs: 20, steadyMs: 10_000 };

describe('what is kept up', () => {
  let ending = new AbortController();
  afterEach(() => ending.abort());

  function kept(again: () => Promise<Running>): { said: string[]; die: (how: string) => void; over: Promise<void> } {
    ending = new AbortController();
    let die: (how: string) => void = () => undefined;
    const first: Running = {
      exited: new Promise((resolve) => {
        die = resolve;
      }),
    };
    const said: string[] = [];
    const over = keepUp(first, { name: 'worker', again, tell: (line) => said.push(line), ending: ending.signal, pace });
    return { said, die, over };
  }
  const never: Running = { exited: new Promise(() => undefined) };

  it('is started again when it ends, with one line', async () => {
    let starts = 0;
    const { said, die } = kept(async () => {
      starts += 1;
      return never;
    });
    die('SIGKILL');
    await eventually(() => starts === 1);
    expect(said).toEqual(['worker has ended (SIGKILL), and is started again']);
  });

  it('is tried again, ever more slowly, when it does not come up', async () => {
    const at: number[] = [];
    const { said, die } = kept(async () => {
      at.push(performance.now());
      if (at.length < 4) throw new Error('no such peer');
      return never;
    });
    die('exit status 1');
    await eventually(() => at.length === 4);
    expect(said.slice(1)).toEqual(
      Array.from({ length: 3 }, () => 'worker has ended (no such peer), and is started again'),
    );
    expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThanOrEqual(19);
  });

  it('is not started again when it was asked to end', async () => {
    let starts = 0;
    const { said, die, over } = kept(async () => {
      starts += 1;
      return never;
    });
    ending.abort();
    die('SIGTERM');
    await over;
    expect([said, starts]).toEqual([[], 0]);
  });
});
