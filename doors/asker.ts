import type { IncomingMessage } from 'node:http';
import { ipKeyGenerator } from 'express-rate-limit';
import proxyAddr from 'proxy-addr';

/** From where a request comes, for who counts: an IPv4 address, or the network of an IPv6 one, which has many. */
export type Asker = (req: IncomingMessage) => string;

/** `proxies`: what speaks TLS in front of us, whose word is taken for who has asked it (X-Forwarded-For), and nobody else's. */
export function askerBehind(proxies: readonly string[]): Asker {
  const trusted = proxyAddr.compile([...proxies]);
  return (req) => ipKeyGenerator(proxyAddr(req, trusted));
}
