import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { readConfiguration } from '../../configuration/peers.ts';
import { claimNetwork } from '../support/network.ts';

it('ferry sandbox starts the peers alone, says where they are, and ends them on Ctrl-C', async () => {
  const data = mkdtempSync(join(tmpdir(), 'ferry-sandbox-'));
  const { net } = await claimNetwork();
  const words = ['cli/ferry.mjs', 'sandbox', '--net', String(net), '--data', data, '--json'];
  const ferry = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = new Promise((resolve) => ferry.once('exit', resolve));
  try {
    const line = await new Promise<string>((resolve) => createInterface({ input: ferry.stdout }).once('line', resolve));
    const { control, configuration } = JSON.parse(line) as { control: string; configuration: string };
    expect(Object.keys(readConfiguration(configuration).sites)).toEqual(
      expect.arrayContaining(['cloud', 'a1', 'a2', 'w1']),
    );
    const state = (await (await fetch(`${control}/sandbox/state`)).json()) as { peers: object };
    expect(Object.keys(state.peers)).toContain('meo-cellular');

    // Another one of the same network takes nothing of it away
    const kept = await readdir(data, { recursive: true });
    const second = promisify(execFile)(process.execPath, words, { timeout: 20_000 });
    await expect(second).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('choose another network') });
    expect(await readdir(data, { recursive: true })).toEqual(expect.arrayContaining(kept));
    ferry.kill('SIGINT');
    await expect(exited).resolves.toBe(0);
    await expect(fetch(`${control}/sandbox/state`)).rejects.toThrow('fetch failed');
  } finally {
    ferry.kill('SIGKILL');
    rmSync(data, { recursive: true, force: true });
  }
});
