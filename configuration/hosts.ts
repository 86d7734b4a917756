import { isIPv4, isIPv6 } from 'node:net';

/** Is it one of `hosts`, or loopback at the port that was reached? */
export const isOurs = (host: string, port: number | undefined, hosts: ReadonlySet<string>): boolean =>
  hosts.has(host) || isLoopback(host, port);

function isLoopback(host: string, port: number | undefined): boolean {
  const [, name = '', at = '80'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host) ?? [];
  return Number(at) === port && (name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.')));
}

/** As it stands in a Host. */
export const authority = (host: string, port: number): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`.toLowerCase();
