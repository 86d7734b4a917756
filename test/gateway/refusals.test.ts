import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { type HttpRefusal, unavailable } from '../../doors/refusal.ts';
import { Refusal } from '../../domain/failures.ts';
import { refusedBeyond } from '../../gateway/explained.ts';
import { refusalOf } from '../../gateway/refusals.ts';

/** What is told, and what is written down of it: level and the words of the error. */
function told(error: unknown): { refusal: HttpRefusal; logged: readonly [level: number, why: string | undefined][] } {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const refusal = refusalOf(error, log);
  const parsed = lines.map((line) => JSON.parse(line) as { level: number; err?: { message?: string } });
  return { refusal, logged: parsed.map(({ level, err }) => [level, err?.message]) };
}
const [WARN, ERROR] = [40, 50];

describe('what the gateway answers to what failed', () => {
  it('nobody foresaw: a mistake of its own, which its log tells and its answer does not', () => {
    const { refusal, logged } = told(new TypeError('127.0.0.1 has no property x'));
    expect(refusal).toMatchObject({ status: 500, message: 'the gateway made a mistake' });
    expect(JSON.stringify(refusal)).not.toContain('127.0.0.1');
    expect(logged).toEqual([[ERROR, '127.0.0.1 has no property x']]);
  });

  it('for want of the catalogue: 503, to come again', () => {
    const { refusal, logged } = told(new Refusal('CatalogueUnavailable', 'connect ECONNREFUSED 127.0.0.1:5432'));
    expect(refusal).toMatchObject({ status: 503, message: 'the catalogue does not answer' });
    expect(refusal.headers).toHaveProperty('retry-after');
    expect(logged).toEqual([]);
  });

  it('and was foreseen: as it was said; its cause is for the log alone', () => {
    const plain = unavailable('it is not offered at the moment', 'Ask again later.');
    expect(told(plain)).toEqual({ refusal: plain, logged: [] });
    const caused = Object.assign(unavailable('the keys cannot be read', 'Ask.'), { cause: new Error('ECONNRESET') });
    expect(told(caused)).toMatchObject({ refusal: caused, logged: [[WARN, expect.stringMatching(/^the keys/)]] });
  });
});

it.each([
  [400, 400],
  [415, 415],
  [500, 502],
  [502, 502],
  [504, 504],
  [401, 503],
  [403, 503],
  [404, 503],
  [503, 503],
])('a partner’s gateway that refuses with %d is told to an application as %d', (status, expected) => {
  expect(refusedBeyond(status, '7').status).toBe(expected);
});
