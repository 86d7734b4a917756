import { expect, it } from 'vitest';
import { problemTold } from '../../adapters/problem.ts';
import { scrubbed } from '../../adapters/scrubbed.ts';

it.each([
  ['参数错误：任务 1234567890 于 12:30:45 失败', '参数错误：任务 1234567890 于 12:30:45 失败'],
  ['Gerät läuft nicht, Auftrag 4711 (v1.2.3.4)', 'Gerät läuft nicht, Auftrag 4711 (v1.2.3.4)'],
  ['at 2026-11-28T12:30:45.123+01:00, ratio 3:4:5', 'at 2026-11-28T12:30:45.123+01:00, ratio 3:4:5'],
  ['job 202611280001 since 1764000000123, 12:30:45:12', 'job 202611280001 since 1764000000123, 12:30:45:12'],
  ['job 123456789012 of build 1.2.3.4', 'job 123456789012 of build 1.2.3.4'],
  ['version 2.10.300.4, 1.2.3, 1.2.3.4.5', 'version 2.10.300.4, 1.2.3, 1.2.3.4.5'],
  ['7f3c2a1e-12ab-4c3d-9e8f-001122334455', '7f3c2a1e-12ab-4c3d-9e8f-001122334455'],
  ['std::string at Foo::bar', 'std::string at Foo::bar'],
  ['می‌خواهم', 'می‌خواهم'],
])("leaves a peer's words as they are: %s", (words, told) => {
  expect(scrubbed(words)).toBe(told);
});

it.each([
  ['on 10.2.3.4:8080, fe80::1 or [2001:db8::1]:80.', 'on <address>, <address> or <address>:80.'],
  [
    '10.2.3.4: refused; 10.0.0.0/8; ::ffff:10.1.2.3; fe80::1%eth0',
    '<address>: refused; <address>/8; <address>; <address>',
  ],
  ['请求 http://10.1.2.3/x，请重试 10.1.2.3。', '请求 <uri>，请重试 <address>。'],
  ['see "http://a.b/c". Call (tel:+4917012345678)', 'see "<uri>". Call (<uri>)'],
  ['imsi-001010123456789, IMSI: 12345678, 001010123456789', 'imsi-<number>, IMSI: <number>, <number>'],
  ['+49 170 and +491701234567 and 491701234567', '+49 170 and <number> and <number>'],
  ['aa:bb:cc:dd:ee:ff and AA-BB-CC-DD-EE-FF', '<device> and <device>'],
  ['a\u202Eb\nc\u0007d', 'a b c d'],
])('hides what is an address, a URI or the number of a device: %s', (words, told) => {
  expect(scrubbed(words)).toBe(told);
});

it('shows neither half a character nor half an address where it cuts', () => {
  expect(scrubbed('😀'.repeat(300))).toBe(`${'😀'.repeat(200)}…`);
  const links = Array.from({ length: 7 }, () => `http://peer.example/${'x'.repeat(89)}`).join(' ');
  expect(scrubbed(`${links} ${'y'.repeat(23)} 10.20.30.40`)).not.toMatch(/10\./);
});

it('reads plain text in the character set that it is said to be in', () => {
  const gb = Buffer.from('b2cecafdb4edcef3', 'hex');
  expect(problemTold(undefined, gb, 'text/plain; charset=gb2312')).toBe('参数错误');
  expect(problemTold(undefined, Buffer.from('参数'), 'text/plain; charset=unheard-of')).toBe('参数');
  expect(problemTold(undefined, Buffer.from(`${'a'.repeat(4_095)}参数`), 'text/plain')).toMatch(/^a+…$/);
});
