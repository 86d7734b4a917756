import { BlockList, isIP } from 'node:net';

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Is an address in this range? Names are in none. */
export function addressRange(cidr: string): (host: string) => boolean {
  const [network = '', prefix = family(network) === 'ipv6' ? '128' : '32'] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family(network));
  return (host) => isIP(host) !== 0 && list.check(host, family(host));
}
