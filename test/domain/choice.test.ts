import { describe, expect, it } from 'vitest';
import { type Choosable, byChoice, choose } from '../../domain/choice.ts';

const offer = (id: string, more: Partial<Choosable> = {}): Choosable => ({
  offer: id,
  agreement: 'agreement',
  viaBroker: false,
  achievableMs: 10,
  preference: 0,
  ...more,
});

describe('the choice of an offer', () => {
  it.each([
    ['an own one before a partner’s that is quicker', offer('b', { agreement: null, achievableMs: 99 }), offer('a')],
    [
      'a direct one before a broker’s that is quicker',
      offer('b', { achievableMs: 99 }),
      offer('a', { viaBroker: true }),
    ],
    ['the quicker one before the preferred partner', offer('b', { achievableMs: 9 }), offer('a', { preference: 9 })],
    ['a known latency before an unknown one', offer('b', { achievableMs: 9e9 }), offer('a', { achievableMs: null })],
    ['of two as quick the preferred partner’s', offer('b', { preference: 1 }), offer('a')],
    ['of two alike always the same one', offer('a'), offer('b')],
    ['of two unknown ones always the same one', offer('a', { achievableMs: null }), offer('b', { achievableMs: null })],
  ])('takes %s', (_, better, worse) => {
    expect(byChoice(better, worse)).toBeLessThan(0);
    expect(byChoice(worse, better)).toBeGreaterThan(0);
    expect(choose([worse, better], [])).toBe(better);
  });

  it('takes none that was tried', () => {
    expect(choose([offer('a'), offer('b')], ['a'])?.offer).toBe('b');
    expect(choose([offer('a')], ['a'])).toBeUndefined();
    expect(choose([], [])).toBeUndefined();
  });
});
