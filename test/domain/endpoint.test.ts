import { describe, expect, it } from 'vitest';
import { authorityOf, plainAddress } from '../../domain/endpoint.ts';

describe('an address', () => {
  it.each([
    ['2001:DB8:0:0::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['2001:0db8:0000:0000:0000:0000:0000:0007', '2001:db8::7'],
    ['::ffff:10.2.1.7', '10.2.1.7'],
    ['::FFFF:a02:107', '10.2.1.7'],
    [' 10.2.1.7 ', '10.2.1.7'],
    ['10.2.1.7/32', '10.2.1.7'],
    ['2001:DB8::7/128', '2001:db8::7'],
    ['::', '::'],
  ])('is spelt in one way: %s is %s', (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });

  it.each([
    '',
    'counter.a1.example',
    '10.0.0.0/8',
    '2001:DB8::/32',
    'fe80::1%eth0',
    '1:2',
    ':::',
    'http://[::1]/',
    '::1]/@x',
  ])('stays as it is where it is none: %j', (text) => expect(plainAddress(text)).toBe(text));

  it('stands in brackets in a URI where a port could be taken for a part of it', () => {
    expect(authorityOf({ host: '2001:db8::7', port: 7000 })).toBe('[2001:db8::7]:7000');
    expect(authorityOf({ host: '10.2.1.7', port: 7000 })).toBe('10.2.1.7:7000');
  });
});
