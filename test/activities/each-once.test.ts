import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { failure } from '../../activities/failure.ts';
import { eachOnce } from '../../activities/relocation/each-once.ts';
import { digest } from '../../configuration/digest.ts';
import { quickWait } from '../support/wait.ts';

const what = { name: 'told', digest, doing: 'those that are told' };
const many = Array.from({ length: 1_000 }, (_, n) => `id-${n}`);

describe('each of many', () => {
  it('has its turn, side by side, and within a bound', async () => {
    let [running, most] = [0, 0];
    const begun: string[] = [];
    await eachOnce(quickWait(), what, many, async (id) => {
      begun.push(id);
      most = Math.max(most, (running += 1));
      await turn();
      running -= 1;
      return true;
    });
    expect(begun).toStrictEqual(many);
    expect(most).toBe(32);
  });

  it('has its turn where others fail, and those that did are told as one failure', async () => {
    const begun: string[] = [];
    const work = async (id: string): Promise<boolean> => {
      begun.push(id);
      if (id.endsWith('7')) throw failure('PeerUnavailable', `${id} does not answer`);
      return true;
    };
    await expect(eachOnce(quickWait(), what, many, work)).rejects.toMatchObject({
      type: 'PeerUnavailable',
      nonRetryable: false,
      message: 'those that are told: 100 of 1000 failed; id-7 does not answer',
    });
    expect(begun).toHaveLength(1_000);
  });

  it('ends the step where one failure is final, whichever came first', async () => {
    const types = ['PeerUnavailable', 'NotSteerable', 'PeerUnavailable'] as const;
    const work = async (_: string, at: number): Promise<boolean> => {
      throw failure(types[at] ?? 'NotYet', `${at}`);
    };
    await expect(eachOnce(quickWait(), what, ['a', 'b', 'c'], work)).rejects.toMatchObject({
      type: 'NotSteerable',
      nonRetryable: true,
    });
  });

  it('is done once: the next attempt does what failed, and what there was nothing to do for', async () => {
    const kept = new Map<string, string>();
    let failing = true;
    const asked: string[] = [];
    const attempt = async (items: readonly string[]): Promise<void> => {
      asked.length = 0;
      await eachOnce(quickWait(5_000, kept), what, items, async (id) => {
        asked.push(id);
        if (id === 'b' && failing) throw failure('PeerUnavailable', 'b');
        return id !== 'c';
      });
    };
    await expect(attempt(['a', 'b', 'c'])).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect(asked).toStrictEqual(['a', 'b', 'c']);
    failing = false;
    await attempt(['a', 'b', 'c']);
    expect(asked).toStrictEqual(['b', 'c']);
    await attempt(['a', 'b']);
    expect(asked, 'others than those of before').toStrictEqual(['a', 'b']);
  });

  it('keeps little of ten thousand, since it travels with every sign of life', async () => {
    const kept = new Map<string, string>();
    const items = Array.from({ length: 10_000 }, (_, n) => `id-${n}`);
    await eachOnce(quickWait(undefined, kept), what, items, async () => true);
    expect(kept.get('told')?.length).toBeLessThan(11_000);
  });

  it('is not begun any more once nobody waits for it', async () => {
    const wait = { ...quickWait(), signal: AbortSignal.abort(new Error('cancelled')) };
    const begun: string[] = [];
    const work = async (id: string): Promise<boolean> => begun.push(id) > 0;
    await expect(eachOnce(wait, what, many, work)).rejects.toThrow('cancelled');
    expect(begun).toStrictEqual([]);
  });
});
