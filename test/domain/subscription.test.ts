import { describe, expect, it } from 'vitest';
import {
  concerns,
  fulfilled,
  fulfils,
  hostOf,
  missing,
  type Subscription,
  turned,
  unwanted,
} from '../../domain/subscription.ts';

const H = '10.2.1.7';
const move = { from: H, to: '10.3.1.7' };
const cell = { plmn: { mcc: '001', mnc: '01' }, cellId: '00000a1' };
const base: Subscription = {
  service: 'rni',
  type: 'CellChangeSubscription',
  filter: { filterCriteriaAssocHo: { hoStatus: [3], ecgi: [cell] } },
  body: {},
  named: true,
  callback: `http://${H}:7000/notifications/1`,
  expiry: null,
};
const filtered = (filter: object, callback = base.callback): Subscription => ({
  ...base,
  callback,
  filter: { filterCriteriaAssocHo: filter },
});
/** As it is held at the target. */
const copy = (of: Subscription): Subscription => ({ ...of, callback: turned(of.callback, move) });

describe('a callback', () => {
  it.each([
    [`http://${H}:7001/cell`, 'http://10.3.1.7:7001/cell'],
    [`https://${H}`, 'https://10.3.1.7'],
    [`http://a:b@${H}:1/x?y=${H}#z`, `http://a:b@10.3.1.7:1/x?y=${H}#z`],
    ['http://10.2.1.77/x', 'http://10.2.1.77/x'],
    [`http://events.example/${H}`, `http://events.example/${H}`],
    ['/notifications/1', '/notifications/1'],
  ])('%s is turned to %s', (callback, becomes) => {
    expect(turned(callback, move)).toBe(becomes);
  });

  it('is turned whether its host is a name in other letters, or an IPv6 address', () => {
    expect(turned('http://Counter.Example.:1/x', { from: 'counter.example', to: 'b.example' })).toBe(
      'http://b.example:1/x',
    );
    expect(turned('http://[2001:db8::7]:1/x', { from: '2001:db8::7', to: '2001:db8::9' })).toBe(
      'http://[2001:db8::9]:1/x',
    );
    expect(hostOf('http://[2001:DB8:0::7]:1/x')).toBe('2001:db8::7');
    expect(hostOf('no uri')).toBeUndefined();
  });
});

describe('subscriptions', () => {
  it('are equal whatever the order of their members and lists, and whenever they expire', () => {
    const other = filtered({ ecgi: [{ cellId: '00000a1', plmn: { mnc: '01', mcc: '001' } }], hoStatus: [3] });
    expect(fulfils(copy({ ...other, expiry: 9 }), base, move)).toBe(true);
    expect(fulfils(copy(filtered({ hoStatus: [1, 3] })), filtered({ hoStatus: [3, 1] }), move)).toBe(true);
  });

  it.each([
    ['filter', filtered({ hoStatus: [1], ecgi: [cell] })],
    ['path', filtered({ hoStatus: [3], ecgi: [cell] }, `http://${H}:7000/notifications/2`)],
    ['port', filtered({ hoStatus: [3], ecgi: [cell] }, `http://${H}:7001/notifications/1`)],
    ['scheme', filtered({ hoStatus: [3], ecgi: [cell] }, `https://${H}:7000/notifications/1`)],
    ['query', filtered({ hoStatus: [3], ecgi: [cell] }, `http://${H}:7000/notifications/1?a`)],
    ['type', { ...base, type: 'RabEstSubscription' }],
    ['service', { ...base, service: 'amsi' }],
    ['cell, where one was named', filtered({ hoStatus: [3] })],
    ['second cell', filtered({ hoStatus: [3], ecgi: [cell, { ...cell, cellId: '00000a2' }] })],
  ])('differ by their %s', (_, other) => {
    expect(fulfils(copy(other), base, move)).toBe(false);
    expect(missing([base], [copy(other)], move)).toEqual([base]);
  });

  it('are one with what a server fills in, at any depth, on the side of the one that holds it', () => {
    const filled = filtered({ hoStatus: [3], ecgi: [{ ...cell, since: 1 }], trigger: [1], ecgis: [] });
    expect(missing([base], [copy(filled)], move)).toEqual([]);
    expect(unwanted([copy(filled)], [base], move)).toEqual([]);
  });

  it('for all cells are not taken for one that was narrowed to some', () => {
    const all = filtered({ hoStatus: [3] });
    expect(missing([all], [copy(base)], move)).toEqual([all]);
  });

  it('are paired one to one, with the one that is most like them', () => {
    const triggered = filtered({ hoStatus: [3], ecgi: [cell], trigger: [2] });
    expect(missing([base, triggered], [copy(triggered)], move)).toEqual([base]);
    expect(unwanted([copy(triggered), copy(base)], [base], move)).toEqual([copy(triggered)]);
  });

  it.each([
    [[null, 60], null],
    [[60, null], null],
    [[90, 60], 90],
  ] as const)('that are equal and expire at %j are made again as the one that lasts', (expiries, expected) => {
    const all = expiries.map((expiry) => ({ ...base, expiry }));
    expect(missing(all, [], move)).toMatchObject([{ expiry: expected }]);
  });

  it('may be thousands that differ by the user alone: each is compared with its like, and not with all', () => {
    let looks = 0;
    const of = (n: number, callback = base.callback): Subscription => {
      const associateId = [{ type: 1, value: `10.60.${n >> 8}.${n & 255}` }];
      const filterCriteriaAssocHo = {
        associateId,
        get hoStatus() {
          looks += 1;
          return [3];
        },
      };
      return { ...base, callback, filter: { filterCriteriaAssocHo } };
    };
    const many = 3_000;
    const wanted = Array.from({ length: many }, (_, n) => of(n));
    const held = Array.from({ length: many }, (_, n) => copy(of(n + 1)));
    expect(missing(wanted, held, move)).toEqual([wanted[0]]);
    expect(unwanted(held, wanted, move)).toEqual([held[many - 1]]);
    expect([...fulfilled(wanted, held, move)]).toEqual(wanted.slice(1));
    expect(looks).toBeLessThan(many * 75);
  });

  it('may name thousands, in whatever order: each is compared with its like, and not with all', () => {
    let looks = 0;
    const many = 3_000;
    const naming = (first: number): Subscription => {
      const associateId = Array.from({ length: many }, (_, n) => ({
        type: 1,
        get value() {
          looks += 1;
          return `10.0.${(first + n) >> 8}.${(first + n) & 255}`;
        },
      }));
      return { ...base, filter: { filterCriteriaAssocHo: { associateId, hoStatus: [3] } } };
    };
    const reversed = (subscription: Subscription): Subscription => {
      const { associateId } = subscription.filter['filterCriteriaAssocHo'] as { associateId: readonly unknown[] };
      return {
        ...subscription,
        filter: { filterCriteriaAssocHo: { associateId: associateId.toReversed(), hoStatus: [3] } },
      };
    };
    const wanted = naming(0);
    expect(missing([wanted], [copy(reversed(wanted))], move)).toEqual([]);
    expect(missing([wanted], [copy(naming(1))], move)).toHaveLength(1);
    expect(looks).toBeLessThan(many * 100);
  });

  it('have their like in one that several have', () => {
    const again = { ...base, expiry: 9 };
    const other = filtered({ hoStatus: [3] }, 'http://elsewhere.example/2');
    expect([...fulfilled([base, other, again], [copy(base)], move)]).toStrictEqual([base, again]);
  });

  it('that are missing are told, each once', () => {
    const other = filtered({ hoStatus: [3] }, 'http://elsewhere.example/2');
    expect(missing([base, base, other], [], move)).toStrictEqual([base, other]);
    expect(missing([base, base, other], [copy(base)], move)).toStrictEqual([other]);
    expect(missing([base], [copy(base), other], move)).toStrictEqual([]);
  });
});

describe('of one device', () => {
  const about = (...values: string[]): Subscription =>
    filtered({ associateId: values.map((value) => ({ type: 1, value })), hoStatus: [3] });

  it.each([
    ['alone', about('10.0.0.1')],
    ['no', about('10.0.0.11')],
    ['alone', { ...base, body: { address: 'acr:10.0.0.1' } }],
    ['amongOthers', { ...base, body: { addressList: ['acr:10.0.0.2', 'acr:10.0.0.1'] } }],
    ['no', { ...base, body: { address: 'acr:10.0.0.11' } }],
    ['no', { ...base, body: { address: 'tel:10.0.0.1' } }],
    ['no', filtered({})],
    ['amongOthers', about('10.0.0.1', '10.0.0.2')],
    ['alone', { ...base, filter: { address: '10.0.0.1' } }],
    ['amongOthers', { ...base, filter: { addressList: ['10.0.0.2', '10.0.0.1'] } }],
    ['no', { ...base, filter: {}, callback: 'http://10.0.0.1/x' }],
  ])('they tell %s', (told, subscription) => {
    expect(concerns(subscription, '10.0.0.1')).toBe(told);
  });

  it.each(['2001:db8::7', '2001:DB8:0:0::7', 'acr:2001:DB8::7'])(
    'they tell of it however its address is spelt: %s',
    (value) => {
      expect(concerns(about(value), '2001:db8::7')).toBe('alone');
      expect(concerns(about('2001:db8::71'), '2001:db8::7')).toBe('no');
    },
  );
});
