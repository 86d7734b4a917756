import { expect, it } from 'vitest';
import { run } from '../../servers/program.ts';

it('tells of a program whenever it writes another line, and does not repeat itself', async () => {
  const said: string[] = [];
  const script = "console.log('a'); setTimeout(() => console.log('b'), 400); setTimeout(() => {}, 800);";
  const plan = { program: process.execPath, args: ['-e', script], limitMs: 60_000, everyMs: 10 };
  await run('building', plan, (line) => void said.push(line));
  expect(said.map((line) => line.replace(/[\d.]+ s/, 'n s'))).toEqual(['building: n s (a)', 'building: n s (b)']);
});
