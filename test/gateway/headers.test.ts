import { describe, expect, it } from 'vitest';
import { type Field, fieldsOf, isJson, ofAnswer, ofRequest, valueOf, withoutBody } from '../../gateway/headers.ts';

const names = (fields: readonly Field[]): string[] => fields.map(([name]) => name.toLowerCase());
const each = (text: string): Field[] => text.split(' ').map((name) => [name, 'x'] as const);

describe('of a request', () => {
  it.each(
    'Authorization Cookie Host Forwarded X-Forwarded-For X-Forwarded-Whatever Via Referer Origin Connection Keep-Alive TE Trailer Transfer-Encoding Upgrade Proxy-Authorization Accept-Encoding Range X-Real-IP Expect X_Forwarded_For Cookie2 True-Client-IP X-Original-URL X-Rewrite-URL X-Remote-User Content_Length Baggage X-SSL-Client-CN X-Client-Cert X-Consumer-Username'.split(
      ' ',
    ),
  )('%s stops here', (name) => {
    expect(ofRequest([[name, 'x']])).toEqual([]);
  });

  it('what connection names stops as well', () => {
    expect(
      names(
        ofRequest([
          ['Connection', 'close, X-Mine'],
          ['x-mine', '1'],
          ['x-other', '2'],
        ]),
      ),
    ).toEqual(['x-other']);
  });

  it('all else passes, as often and as it was', () => {
    const sent = fieldsOf(['Accept', 'a/b', 'If-Match', '"1"', 'X-Twice', '1', 'X-Twice', '2', 'Content-Type', 'x/y']);
    expect(ofRequest(sent)).toEqual(sent);
  });
});

describe('of an answer', () => {
  it.each(
    'Server X-Powered-By Set-Cookie Alt-Svc WWW-Authenticate Ferry-Federation Connection Via Server-Timing Set-Cookie2 Strict-Transport-Security X-Served-By X-Backend-Server X-Upstream X-Envoy-Upstream-Service-Time X-AspNet-Version X-Hostname X-Pod-Name'.split(
      ' ',
    ),
  )('%s stops here', (name) => {
    expect(ofAnswer([[name, 'x']])).toEqual([]);
  });

  it('all else passes', () => {
    expect(names(ofAnswer(each('ETag Location Retry-After Content-Length X-Mine')))).toHaveLength(5);
  });

  it('what describes a body does not outlive it', () => {
    expect(withoutBody(each('Content-Length Content-Encoding Content-MD5 Digest Content-Type'))).toEqual([
      ['Content-Type', 'x'],
    ]);
  });
});

it.each([
  ['application/json', true],
  ['application/json; charset=utf-8', true],
  ['Application/Problem+JSON', true],
  ['text/json', true],
  ['application/merge-patch+json;x=y', true],
  ['model/gltf+json', true],
  ['application/x-json', true],
  ['application/x-ndjson', false],
  ['application/jsonp', false],
  ['text/event-stream', false],
  [undefined, false],
])('%s is read as JSON: %s', (type, read) => {
  expect(isJson(type)).toBe(read);
});

it('a value is found in any case of letters', () => {
  expect(valueOf([['CONTENT-Type', 'a']], 'content-type')).toBe('a');
});
