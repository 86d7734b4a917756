import { describe, expect, it } from 'vitest';
import { table } from '../../cli/table.ts';

const head = ['id', 'from', 'took', 'waits for'];
const rows = [
  ['81bd1ed9', 'a-cloud-with-a-long-name', '1.4 s', ''],
  ['4e104cda', 'a1', '', 'an operator: retry, or abandon it; PeerUnavailable: oss: 503'],
];
const spare = ['took'];

describe('a table', () => {
  it('is shown whole where there is room, and in a pipe', () => {
    const whole = table(head, rows);
    expect(table(head, rows, { width: 200 })).toBe(whole);
    expect(whole.split('\n')[1]).toBe('81bd1ed9  a-cloud-with-a-long-name  1.4 s');
    expect(whole).toContain('oss: 503');
  });

  it.each([100, 80, 60, 50])('fits in %i columns, with its last column in sight', (width) => {
    const lines = table(head, rows, { width }, { spare }).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
    expect(lines[0]).toContain('waits for');
    expect(lines[2]).toContain('an operator');
  });

  it('shortens what is widest before it does without what may be spared', () => {
    expect(table(head, rows, { width: 80 }, { spare })).toContain('1.4 s');
    expect(table(head, rows, { width: 50 }, { spare })).not.toContain('took');
    expect(table(head, rows, { width: 50 }, { spare })).toContain('a-cloud-with-…');
  });

  it('does without a column that has not a word before others', () => {
    const quiet = rows.map((row) => [...row.slice(0, 3), '']);
    expect(table(head, quiet, { width: 39 }, { spare })).toMatch(/took/);
    expect(table(head, quiet, { width: 39 }, { spare })).not.toMatch(/waits for/);
  });

  it('paints what it shows after it was made to fit', () => {
    const look = { width: 50, paint: (colour: string, text: string) => `<${colour}>${text}</>` };
    const [first, second] = table(['id', 'state'], [['1', 'parked']], look, {
      tone: (_, name) => (name === 'state' ? 'yellow' : undefined),
    }).split('\n');
    expect([first, second]).toEqual(['<dim>id  state</>', '1   <yellow>parked</>']);
  });
});
