import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { failures } from '../../domain/failures.ts';

const page = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8');
const rows = new Map(
  page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
    .map(([name = '', ...cells]) => [name.replaceAll('`', ''), cells] as const),
);

describe('docs/failures.md', () => {
  it.each(Object.entries(failures))('says of %s what the code says', (type, { retry, status, remedy }) => {
    expect(rows.get(type)?.slice(1)).toStrictEqual([remedy, retry ? 'yes' : 'no', String(status)]);
  });

  it('knows no failure that the code does not know', () => {
    expect([...rows.keys()].filter((type) => !Object.hasOwn(failures, type))).toStrictEqual([]);
  });
});
