import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { program } from '../../cli/built.ts';
import { startAccessNetwork } from '../../sandbox/network/access-network.ts';
import { serveUpstream } from '../../sandbox/network/upstream.ts';
import { ask } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';

const NET = String((await claimNetwork()).net);
const children: ChildProcess[] = [];

const run = (part: string) => {
  const child = spawn(process.execPath, [...program(`sandbox/${part}/main.ts`), '--net', NET], {
    stdio: 'pipe',
  });
  children.push(child);
  return child;
};

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe.each([
  ['network', `http://127.${NET}.0.3:8080`],
  ['devices', `http://127.${NET}.0.4:8080`],
])('the process of the %s', (part, url) => {
  it('says where its control is, and ends when the pipe of its parent closes', async () => {
    const child = run(part);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(line.toString()).toBe(`${part}: ${url}\n`);
    expect((await ask('GET', `${url}/state`)).status).toBe(200);
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('ends with a sentence when its address is taken', async () => {
    await once(run(part).stdout, 'data');
    const second = run(part);
    const said = text(second.stderr);
    expect(await once(second, 'exit')).toEqual([1, null]);
    expect(await said).toMatch(new RegExp(`^.* cannot .* 127\\.${NET}\\.\\S+ \\(EADDRINUSE\\)\\n$`));
  });
});

describe('an address that this machine does not have', () => {
  it('is named together with the command that makes it', async () => {
    const help = 'sudo ifconfig lo0 alias 192.0.2.53';
    await expect(serveUpstream({ address: '192.0.2.53', port: 5300 })).rejects.toThrow(help);
    const upstream = { address: '127.0.0.1', port: 5300 };
    await expect(startAccessNetwork('nowhere', '192.0.2', upstream)).rejects.toThrow(
      'sudo ifconfig lo0 alias 192.0.2.',
    );
  });
});
