import { expect, it } from 'vitest';
import { StillLine } from '../../cli/looking.ts';
import { Terminal } from '../../cli/terminal.ts';

const written = (isTTY: boolean, stillMs: number): string => {
  const said: string[] = [];
  const out = { isTTY, write: (text: string) => void said.push(text) };
  const line = new StillLine(new Terminal(out, out), stillMs);
  for (const how of ['1 of 2', '1 of 2']) line.show(how);
  return said.join('');
};

it('tells in a pipe how it stands, again after a while and no sooner, and on a terminal in one line that changes', () => {
  expect(written(false, 0)).toBe('  … 1 of 2\n  … 1 of 2\n');
  expect(written(false, 60_000)).toBe('');
  expect(written(true, 0)).not.toContain('…');
});
