import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** The port if it is free, else one that is; undefined: it is not free. */
async function bound(host: string, port: number): Promise<number | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

/** What was killed a moment ago may still hold it: looks again for `patienceMs`. */
export async function isFree(host: string, port: number, patienceMs = 3_000): Promise<boolean> {
  const begun = performance.now();
  while ((await bound(host, port)) === undefined) {
    if (performance.now() - begun > patienceMs) return false;
    await pause(100);
  }
  return true;
}

/** Throws an Error where a sandbox, or anything else, has this network already: its folder is in use then, too. */
export async function demandNetwork(net: number): Promise<void> {
  const control = `127.${net}.0.1`;
  if (!(await isFree(control, 8080)))
    throw new Error(`port 8080 of ${control} is in use: choose another network for the sandbox with --net`);
}

export async function freePort(host: string, wished: number): Promise<number> {
  const port = (await bound(host, wished)) ?? (await bound(host, 0));
  if (port === undefined) throw new Error(`no port is free at ${host}`);
  return port;
}
