import type { Configuration } from './peers.ts';

/**
 * Why this client is not told there; undefined: it is. A MEO is told at its own host, and in plain only where it is asked
 * so itself. Asked when a callback is given, and again whenever it is used: the configuration may have changed.
 */
export function callbackMistake(
  { systems, peers }: Pick<Configuration, 'systems' | 'peers'>,
  client: string,
  callback: string,
): string | undefined {
  const system = Object.values(systems).find((one) => one.client === client);
  const meo = system === undefined ? undefined : peers[system.meo];
  if (meo === undefined) return `${client} is no client of a system here`;
  if (!URL.canParse(callback)) return 'callbackReference is no URL';
  const { protocol, hostname, username, password } = new URL(callback);
  if (username !== '' || password !== '') return 'callbackReference carries a user';
  if (hostname !== new URL(meo.url).hostname) return "callbackReference leads to another host than the MEO's";
  if (protocol === 'http:' && meo.insecure !== true)
    return 'callbackReference is plain http, but its MEO is asked by https';
  return undefined;
}
