import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { askerBehind } from '../../doors/asker.ts';

const request = (remoteAddress: string, forwarded?: string): IncomingMessage =>
  ({
    socket: { remoteAddress },
    headers: { ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }) },
  }) as unknown as IncomingMessage;

it.each([
  ['nobody else is believed', [], '198.51.100.1', '10.9.9.9', '198.51.100.1'],
  ['what is in front tells', ['10.0.0.0/8'], '10.0.0.7', '198.51.100.1', '198.51.100.1'],
  ['what that was told is not believed', ['10.0.0.7'], '10.0.0.7', '203.0.113.9, 198.51.100.1', '198.51.100.1'],
  ['one in front of the other', ['10.0.0.7', '10.1.0.0/16'], '10.0.0.7', '198.51.100.1, 10.1.2.3', '198.51.100.1'],
])('who asks: %s', (_, proxies, remote, forwarded, asker) => {
  expect(askerBehind(proxies)(request(remote, forwarded))).toBe(asker);
});

it('who has a network of addresses is one', () => {
  const asker = askerBehind([]);
  const [one, other] = ['2001:db8:1:200::1', '2001:db8:1:2ff:1234::1'].map((address) => asker(request(address)));
  expect(one).toBe(other);
  expect(asker(request('2001:db8:1:300::1'))).not.toBe(one);
});
