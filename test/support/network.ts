import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { freePort } from '../../cli/ports.ts';

/**
 * Networks 127.N.0.0/16 for tests, each for one holder on this machine, whichever process or checkout that is of. A port
 * that is bound outside of it is the lock: the kernel lets go of it when the holder ends, however that happens.
 */
const [FIRST, LAST] = [140, 229];
/** No sandbox is in 127.255.0.0/16. */
const lockOf = (net: number) => ({ host: `127.255.${net}.1`, port: 65_000, exclusive: true });

export interface ClaimedNetwork {
  /** 127.`net`.0.0/16. */
  readonly net: number;
  readonly release: () => Promise<void>;
}

const SIZE = LAST - FIRST + 1;

/** Of this process. */
const held = new Set<Server>();

/** Whatever the file that ends had claimed: its process goes on to the next one. */
export async function releaseNetworks(): Promise<void> {
  await Promise.all([...held].map(letGo));
}

async function letGo(lock: Server): Promise<void> {
  if (held.delete(lock)) await new Promise<void>((closed) => lock.close(() => closed()));
}

/**
 * The first from `wished` on that nobody holds, and in which nothing is bound: a holder that was killed may have left
 * processes behind, which are about to end.
 */
export async function claimNetwork(wished = FIRST + Math.floor(Math.random() * SIZE)): Promise<ClaimedNetwork> {
  for (let step = 0; step < SIZE; step += 1) {
    const net = FIRST + ((wished - FIRST + step) % SIZE);
    const lock = await bound(net);
    if (lock === undefined) continue;
    held.add(lock);
    const release = async (): Promise<void> => await letGo(lock);
    if (boundIn(net).length === 0) return { net, release };
    await release();
  }
  throw new Error(`no network is free from 127.${FIRST}.0.0/16 to 127.${LAST}.0.0/16`);
}

async function bound(net: number): Promise<Server | undefined> {
  const lock = createServer().unref();
  return await new Promise((resolve) => {
    lock.once('error', () => resolve(undefined));
    lock.listen(lockOf(net), () => resolve(lock));
  });
}

/**
 * Two ports of 127.0.0.1, where the Temporal server has to be: each network has its own, below those that the kernel gives
 * away, so that nobody else takes them between here and the server's start.
 */
export const portsOf = async (net: number): Promise<[number, number]> => [
  await freePort('127.0.0.1', 20_000 + 2 * net),
  await freePort('127.0.0.1', 20_001 + 2 * net),
];

/** Whatever is bound in 127.`net`.0.0/16, TCP and UDP, by the kernel's own tables. */
export const boundIn = (net: number): string[] =>
  ['tcp', 'udp'].flatMap((protocol) =>
    readFileSync(`/proc/net/${protocol}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local = '', , state]) => {
        const octets = local.slice(0, 8).match(/../g) ?? []; // the address, least significant byte first
        const listens = protocol === 'udp' || state === '0A';
        return listens && octets[3] === '7F' && Number.parseInt(octets[2] ?? '', 16) === net;
      })
      .map(([, local = '']) => `${protocol} ${local}`),
  );
