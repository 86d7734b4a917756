import { describe, expect, it } from 'vitest';
import { INSTANT_EXAMPLE, instantTyped, isInstant } from '../../domain/instant.ts';

describe('an instant', () => {
  it.each([
    INSTANT_EXAMPLE,
    '2026-12-01T00:00:00Z',
    '2026-12-01T23:59:59.123456789-23:59',
    '2028-02-29T00:00:00Z',
    '2000-02-29T00:00:00Z',
    '0001-01-01T00:00:00Z',
  ])('is %s', (text) => {
    expect(isInstant(text)).toBe(true);
    expect(Number.isNaN(Date.parse(text))).toBe(false);
  });

  it.each([
    '2026-12-01',
    '2026-02-31T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00+01:00',
    '2026-13-01T00:00:00Z',
    '2026-12-01T24:00:00Z',
    '2026-12-01T23:59:60Z',
    '2026-12-01T00:00:00',
    '2026-12-01T00:00Z',
    '2026-12-01T00:00:00+0100',
    '2026-12-01T00:00:00+24:00',
    '2026-12-01T00:00:00.Z',
    '2026-12-01t00:00:00z',
    '2026-12-01 00:00:00Z',
    '+002026-12-01T00:00:00Z',
    ' 2026-12-01T00:00:00Z',
    '2026-12-01T00:00:00Zjunk',
    '2026-12-01T00:00:00Z\n',
    '1764547200000',
    '',
  ])('is not %j', (text) => {
    expect(isInstant(text)).toBe(false);
  });
});

describe('what a person types', () => {
  it('is an instant, told in UTC', () => {
    expect(instantTyped('2030-01-31T18:00:00+01:00')).toEqual({ instant: '2030-01-31T17:00:00.000Z', local: false });
  });

  it.each(['2030-07-31T18:30', '2030-07-31 18:30', '2030-07-31T18:30:00'])(
    'is local time, and told so, where it has no offset: %s',
    (text) => {
      expect(instantTyped(text)).toEqual({ instant: new Date(2030, 6, 31, 18, 30).toISOString(), local: true });
    },
  );

  it.each([
    '2026-12-01',
    '2026-02-31',
    '2026-02-31T12:00',
    '2026-12-01junk',
    '2026-12-01T12',
    'tomorrow',
    '12:00',
    '7',
  ])('is refused: %s', (text) => {
    expect(instantTyped(text)).toBeUndefined();
  });
});
