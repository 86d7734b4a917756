import { describe, expect, it } from 'vitest';
import { canonical, missing, type Subscription } from '../../domain/subscription.ts';

const base: Subscription = {
  service: 'rni',
  type: 'CellChangeSubscription',
  filter: { hoStatus: [3], ecgi: [{ plmn: { mcc: '001', mnc: '01' }, cellId: '00000a1' }] },
  callback: '/notifications/1',
  expiry: null,
};

describe('subscriptions', () => {
  it('are equal whatever the order of their members, and whenever they expire', () => {
    const other = {
      ...base,
      filter: { ecgi: [{ cellId: '00000a1', plmn: { mnc: '01', mcc: '001' } }], hoStatus: [3] },
      expiry: 9,
    };
    expect(canonical(other)).toBe(canonical(base));
  });

  it.each([
    ['filter', { filter: { hoStatus: [1] } }],
    ['callback', { callback: '/notifications/2' }],
    ['type', { type: 'RabEstSubscription' }],
  ])('differ by their %s', (_, change) => {
    expect(canonical({ ...base, ...change })).not.toBe(canonical(base));
  });

  it('that are missing are told, each once', () => {
    const other = { ...base, callback: '/notifications/2' };
    expect(missing([base, base, other], [])).toStrictEqual([base, other]);
    expect(missing([base, base, other], [base])).toStrictEqual([other]);
    expect(missing([base], [base, other])).toStrictEqual([]);
  });
});
