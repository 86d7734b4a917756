import { BlockList, isIP, isIPv4 } from 'node:net';

/** Is an address in this range? Names are in none. */
export function addressRange(cidr: string): (host: string) => boolean {
  const [network = '', prefix = ''] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), isIPv4(network) ? 'ipv4' : 'ipv6');
  return (host) => isIP(host) !== 0 && list.check(host, isIPv4(host) ? 'ipv4' : 'ipv6');
}
