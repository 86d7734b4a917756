import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { below, targetOf } from '../../gateway/target.ts';

const base = 'http://b1.example:8080/rni/v2';
const ORIGIN = /^http:\/\/[^/]+/;
const led = (url: string): string => below(base, targetOf(url)).replace(ORIGIN, '');

describe('a path', () => {
  it.each([
    ['/subscriptions', '/rni/v2/subscriptions'],
    ['/subscriptions/', '/rni/v2/subscriptions/'],
    ['/', '/rni/v2'],
    ['/a%20b/%C3%A4;v=1/c.d/...', '/rni/v2/a%20b/%C3%A4;v=1/c.d/...'],
    ['/file%2ejson', '/rni/v2/file%2ejson'],
    ['/.well-known/x', '/rni/v2/.well-known/x'],
    ['/100%25', '/rni/v2/100%25'],
    ['//x', '/rni/v2//x'],
    ['/?next=../../..', '/rni/v2?next=../../..'],
    ['/x?url=http%3A%2F%2Fsomewhere%2F..', '/rni/v2/x?url=http%3A%2F%2Fsomewhere%2F..'],
  ])('%s is sent as it is, below the base', (url, sent) => {
    expect(led(url)).toBe(sent);
  });

  it.each([
    '/../mec_app_support/v1',
    '/./x',
    '/x/..',
    '/%2e%2e/x',
    '/%2E./x',
    '/.%2e/x',
    '/%252e%252e/x',
    '/%25252e%25252e/x',
    '/x%2f..%2fy',
    '/x%2Fy',
    '/x%252fy',
    '/x%5cy',
    '/x\\..\\y',
    '/..;/x',
    '/..;a=b/x',
    '/%2e%2e;/x',
    '/x%00',
    '/x%0d%0aset-cookie:y',
    '/x%',
    '/x%zz',
    '/x#y',
    'http://elsewhere.example/x',
    '*',
    '',
  ])('%s is refused', (url) => {
    expect(() => led(url)).toThrow(expect.objectContaining({ status: 400 }) as Error);
  });

  it('that a server decodes once, or twice, never leads above the base', () => {
    const parts = constantFrom('.', '..', '%2e', '%2E', '%252e', '/', '%2f', '%252f', '\\', '%5c', ';', 'a', '?', '%');
    assert(
      property(array(parts, { maxLength: 12 }), (pieces) => {
        const url = `/${pieces.join('')}`;
        let sent: string;
        try {
          sent = led(url);
        } catch {
          return;
        }
        let path = sent.split('?', 1)[0] ?? '';
        for (let round = 0; round < 3; round += 1) {
          const { pathname } = new URL(path.replaceAll('\\', '/').replaceAll(/;[^/]*/g, ''), 'http://b1.example');
          expect(pathname === '/rni/v2' || pathname.startsWith('/rni/v2/')).toBe(true);
          try {
            path = decodeURIComponent(path);
          } catch {
            return;
          }
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a base', () => {
  it.each([
    ['http://p.example', '/', '/'],
    ['http://p.example', '/x?y', '/x?y'],
    ['http://p.example/api/', '/', '/api/'],
    ['http://p.example/api/', '/x', '/api/x'],
  ])('%s and %s make %s', (producer, url, sent) => {
    expect(below(producer, targetOf(url))).toBe(`${producer.replace(/\/api.*/, '')}${sent}`);
  });
});
