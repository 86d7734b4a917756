import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { shell } from '../../cli/shell.ts';

it('carries out what a provider typed, with what it is told, and says whether that went well', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shell-'));
  const file = join(folder, 'said');
  expect(await shell(`echo "$FERRY_USER at $FERRY_HOST" > ${file}`, { FERRY_USER: 'u', FERRY_HOST: 'h' })).toBe(true);
  expect(await readFile(file, 'utf8')).toBe('u at h\n');
  expect(await shell('exit 3', {})).toBe(false);
  expect(await shell('no-such-command-of-anybody 2> /dev/null', {})).toBe(false);
  await rm(folder, { recursive: true });
});
