import type { Configuration, Peer } from './peers.ts';

type Known = Pick<Configuration, 'systems' | 'peers'>;

/** The MEO that is this client of ours. */
export function meoOf({ systems, peers }: Known, client: string): Peer | undefined {
  const system = Object.values(systems).find((one) => one.client === client);
  return system && peers[system.meo];
}

/**
 * Why this client is not told there; undefined: it is. A MEO is told at its own host, and in plain only where it is asked
 * so itself. Asked when a callback is given, and again whenever it is used: the configuration may have changed.
 */
export function callbackMistake(configuration: Known, client: string, callback: string): string | undefined {
  const meo = meoOf(configuration, client);
  if (meo === undefined) return `${client} is no client of a system here`;
  if (!URL.canParse(callback)) return 'callbackReference is no URL';
  const { protocol, hostname, username, password } = new URL(callback);
  if (username !== '' || password !== '') return 'callbackReference carries a user';
  if (hostname !== new URL(meo.url).hostname) return "callbackReference leads to another host than the MEO's";
  if (protocol === 'http:' && meo.insecure !== true)
    return 'callbackReference is plain http, but its MEO is asked by https';
  return undefined;
}
