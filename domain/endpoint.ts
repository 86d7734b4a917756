/** Where an instance is reached. Known to activities and adapters only: addresses never enter a workflow's history. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** As it stands in a URI: an IPv6 address in brackets (RFC 3986, 3.2.2). */
export const authorityOf = ({ host, port }: Endpoint): string => `${inUri(host)}:${port}`;

export const inUri = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/**
 * An address in the one spelling in which addresses are compared (RFC 5952): peers and people write those of IPv6 in
 * many, those of IPv4 as if they were of IPv6 (RFC 4291, 2.5.5.2), and either with a mask that leaves nothing open (MEC
 * 011). What is no address stays as it is.
 */
export function plainAddress(address: string): string {
  const plain = address
    .trim()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^([\d.]+)\/32$|^([\da-f:.]+:[\da-f:.]*)\/128$/i, '$1$2');
  if (!/^[0-9a-f]*:[0-9a-f:.]*$/i.test(plain) || !URL.canParse(`http://[${plain}]`))
    return plain === '' ? address : plain;
  const host = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host) ?? [];
  if (low === '') return host;
  const bytes = [high, low].flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]);
  return bytes.join('.');
}
