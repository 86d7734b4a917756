import { expect, it } from 'vitest';
import { By, textOf, Wish } from '../../domain/wish.ts';

const wish = (given: object) => textOf({ find: 'platforms', wish: Wish.parse(given) });
const by = (given: object) => textOf({ find: 'systems', by: By.parse(given) });

it('is one question however its members are ordered', () => {
  const one = { what: { kind: 'service', name: 'speech' }, kpi: { latencyMs: 5, bandwidthKbps: 9 } };
  const other = { kpi: { bandwidthKbps: 9, latencyMs: 5 }, what: { name: 'speech', kind: 'service' } };
  expect(wish(one)).toBe(wish(other));
  expect(by({ devices: ['car-2', 'car-1', 'car-2'] })).toBe(by({ devices: ['car-1', 'car-2'] }));
});

it('is another question when anything of it differs', () => {
  const questions = [
    wish({ what: { kind: 'service', name: 'speech' } }),
    wish({ what: { kind: 'application', name: 'speech' } }),
    wish({ what: { kind: 'service', name: 'speech', version: '2' } }),
    wish({ what: { kind: 'service', name: 'speech' }, forApplication: 'navigation' }),
    wish({ what: { kind: 'service', name: 'speech' }, where: { lat: 50, lon: 8, withinKm: 5 } }),
    by({ service: 'speech' }),
    by({ application: 'speech' }),
    by({ devices: ['speech'] }),
  ];
  expect(new Set(questions).size).toBe(questions.length);
});

it('takes no more than twenty devices, and nothing that a name may not be', () => {
  const cars = Array.from({ length: 21 }, (_, car) => `car-${car}`);
  expect(By.safeParse({ devices: cars }).success).toBe(false);
  expect(By.safeParse({ devices: ['+49 170 1234567'] }).success).toBe(false);
  expect(By.safeParse({ service: 'speech', application: 'navigation' }).success).toBe(false);
});
