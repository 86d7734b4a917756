import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { boundIn, claimNetwork, type ClaimedNetwork } from './support/network.ts';

/** What lets tests run side by side, also those of two checkouts: no two of them have the same network. */
const claimed: ClaimedNetwork[] = [];
const claim = async (wished?: number): Promise<number> => {
  const one = await claimNetwork(wished);
  claimed.push(one);
  return one.net;
};
afterEach(async () => {
  for (const one of claimed.splice(0)) await one.release();
});

/** Another process that claims one, and then waits to be killed. */
async function holder(wished: number): Promise<{ net: number; kill: () => Promise<void> }> {
  const script = `
    import { claimNetwork } from './test/support/network.ts';
    const { net } = await claimNetwork(${wished});
    process.stdout.write(String(net));
    setInterval(() => undefined, 60_000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [net] = (await once(child.stdout, 'data')) as [Buffer];
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { net: Number(net.toString()), kill };
}

it('two who wish for the same network at once get two', async () => {
  const wished = await claim();
  const nets = await Promise.all([claim(wished), claim(wished), claim(wished)]);
  expect(new Set([wished, ...nets]).size).toBe(4);
});

it('what another process holds is nobody else’s until that is killed', async () => {
  const other = await holder(await claim());
  try {
    expect(other.net).not.toBe(claimed[0]?.net);
    expect(await claim(other.net)).not.toBe(other.net);
  } finally {
    await other.kill();
  }
  expect(await claim(other.net)).toBe(other.net);
});

it('a network in which something is still bound is not given to anybody', async () => {
  const { net, release } = await claimNetwork();
  const left = createServer().listen(8080, `127.${net}.2.1`);
  await once(left, 'listening');
  await release();
  expect(boundIn(net)).toHaveLength(1);
  expect(await claim(net)).not.toBe(net);
  await new Promise((closed) => left.close(closed));
  expect(await claim(net)).toBe(net);
});
