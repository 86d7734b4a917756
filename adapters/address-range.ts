import { BlockList, isIPv4 } from 'node:net';

/** Is an address in this range? Names are in none. */
export function addressRange(cidr: string): (host: string) => boolean {
  const [network = '', prefix = '32'] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), 'ipv4');
  return (host) => isIPv4(host) && list.check(host, 'ipv4');
}
