import { describe, expect, it } from 'vitest';
import type { Copied } from '../../domain/application.ts';
import { bestOf } from '../../domain/recovery.ts';

const copy = (relocation: string, prepared: boolean, count: number, secondsAgo: number | null): Copied => ({
  relocation,
  users: '*',
  copiedUsers: 3,
  count,
  prepared,
  secondsAgo,
});

describe('of several copies, whoever takes over has', () => {
  it.each<readonly [string, readonly Copied[]]>([
    ['the one that is prepared, which is whole', [copy('more', false, 9, 0.1), copy('best', true, 7, 4)]],
    [
      'else the one with most writes, though another came later',
      [copy('later', false, 7, 0.1), copy('best', false, 9, 4)],
    ],
    [
      'else the one that came last',
      [copy('never', false, 7, null), copy('old', false, 7, 4), copy('best', false, 7, 0.1)],
    ],
  ])('%s', (_, copies) => {
    for (const some of [copies, copies.toReversed()]) expect(bestOf(some)?.relocation).toBe('best');
  });

  it('none where there is none', () => expect(bestOf([])).toBeUndefined());
});
