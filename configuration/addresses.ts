import { isIP, isIPv4 } from 'node:net';

/** A range of addresses: its first and its last as numbers. */
export interface Range {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** An address as it stands alone: no zone, no prefix. */
export const isAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes('%');

/** What is wrong with a range such as 10.2.0.0/16; undefined: nothing. */
export function mistakeInRange(text: string): string | undefined {
  const [address = '', prefix = '', ...more] = text.split('/');
  const width = isIPv4(address) ? 32 : 128;
  if (!isAddress(address) || more.length > 0) return `${text} is no address range such as 10.2.0.0/16`;
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > width)
    return `${text}: the prefix is a number from 0 to ${width}, as in 10.2.0.0/16`;
  const { first } = rangeOf(text);
  const network = textOf(first, width);
  if (numberOf(address) === first) return undefined;
  return `${text} names an address inside its range: the range is ${network}/${Number(prefix)}`;
}

/** Of a text without mistakes. */
export function rangeOf(text: string): Range {
  const [address = '', prefix = ''] = text.split('/');
  const family = isIPv4(address) ? 4 : 6;
  const rest = BigInt((family === 4 ? 32 : 128) - Number(prefix));
  const first = (numberOf(address) >> rest) << rest;
  return { family, first, last: first + (1n << rest) - 1n };
}

export const within = ({ family, first, last }: Range, address: string): boolean =>
  family === (isIPv4(address) ? 4 : 6) && first <= numberOf(address) && numberOf(address) <= last;

export const overlap = (one: Range, other: Range): boolean =>
  one.family === other.family && one.first <= other.last && other.first <= one.last;

function numberOf(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, octet) => (sum << 8n) + BigInt(octet), 0n);
  return groupsOf(address).reduce((sum, group) => (sum << 16n) + group, 0n);
}

/** The eight groups of an IPv6 address; the last two may be written as an IPv4 address (RFC 4291, 2.2). */
function groupsOf(address: string): bigint[] {
  const tail = /[^:]*\.[^:]*$/.exec(address)?.[0];
  const four = tail === undefined ? 0n : numberOf(tail);
  const plain =
    tail === undefined
      ? address
      : address.replace(tail, `${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`);
  const [head = '', rest] = plain.split('::');
  const [before, after] = [sixteens(head), sixteens(rest ?? '')];
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0n), ...after];
}

const sixteens = (text: string): bigint[] => (text === '' ? [] : text.split(':').map((group) => BigInt(`0x${group}`)));

function textOf(number: bigint, width: number): string {
  if (width === 32) return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 0xffn).join('.');
  const hex = number.toString(16).padStart(32, '0');
  const long = (hex.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16).toString(16)).join(':');
  return new URL(`http://[${long}]`).hostname.slice(1, -1); // in its short form (RFC 5952)
}

/** Of this machine alone: a name or an address, as one binds to it or asks for it. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
