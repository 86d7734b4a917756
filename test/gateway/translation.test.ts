import { assert, constantFrom, jsonValue, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { busy } from '../support/busy.ts';
import { retold as retoldWith, stringsOf } from '../../gateway/json-text.ts';
import {
  translated,
  translatedLinks,
  translatedReference,
  type Translation,
  WouldLeak,
} from '../../gateway/translation.ts';

const outward: Translation = {
  from: 'http://b1.inner:8080/rni/v2',
  to: 'https://gw.b.example/mpp/v1/bindings/n1',
  whole: new Map([['http://gw.inner/n/7', 'https://gw.a.example/mpp/v1/callbacks/9']]),
  hides: ({ hostname }) => /\.inner$|^10\.|^\[fe80::1\]$/.test(hostname),
};
const retold = (text: string, tell: (value: string) => string): string => retoldWith(text, stringsOf(text), tell);
const say = (text: string): string => translated(text, outward);

describe('a text', () => {
  it.each([
    [
      'http://b1.inner:8080/rni/v2/subscriptions/1?a=b#c',
      'https://gw.b.example/mpp/v1/bindings/n1/subscriptions/1?a=b#c',
    ],
    ['http://b1.inner:8080/rni/v2', 'https://gw.b.example/mpp/v1/bindings/n1'],
    ['HTTP://B1.INNER:8080/rni/v2/X', 'https://gw.b.example/mpp/v1/bindings/n1/X'],
    [
      'see <http://b1.inner:8080/rni/v2/x>, or "http://b1.inner:8080/rni/v2/y"',
      'see <https://gw.b.example/mpp/v1/bindings/n1/x>, or "https://gw.b.example/mpp/v1/bindings/n1/y"',
    ],
    ['http://b1.inner:8080/rni/v2/{id}{?page}', 'https://gw.b.example/mpp/v1/bindings/n1/{id}{?page}'],
    ['http://gw.inner/n/7', 'https://gw.a.example/mpp/v1/callbacks/9'],
    ['http://elsewhere.example/rni/v2', 'http://elsewhere.example/rni/v2'],
    ['10.2.3.4:80', '10.2.3.4:80'],
    ['no://', 'no://'],
    ['plain words', 'plain words'],
    ['// as in a comment: 3//4, http: none', '// as in a comment: 3//4, http: none'],
    ['//gw.b.example/mpp/v1/bindings/n1/x', '//gw.b.example/mpp/v1/bindings/n1/x'],
  ])('%s is told as %s', (text, told) => {
    expect(say(text)).toBe(told);
  });

  it.each([
    'http://b1.inner:8080/rni/v20/x',
    'http://b1.inner:8080/rni/v2/../../mec_app_support',
    'http://b1.inner:8080/rni/v2/%2e%2e/x',
    'http://b1.inner:9090/rni/v2',
    'https://b1.inner:8080/rni/v2/x',
    'http://user@b1.inner:8080/rni/v2/x',
    'amqp://queue.inner/x',
    'look at http://meo.inner/state for more',
    'http://10.2.3.4/',
    'http://167903748/',
    'mqtt://167903748/',
  ])('%s would leak', (text) => {
    expect(() => say(text)).toThrow(WouldLeak);
  });

  it.each([
    ['http:\\/\\/b1.inner:8080\\/rni\\/v2\\/x', 'https:\\/\\/gw.b.example\\/mpp\\/v1\\/bindings\\/n1\\/x'],
    [
      'https://x.example/?to=http%3A%2F%2Fb1.inner%3A8080%2Frni%2Fv2%2Fx&y=1',
      'https://x.example/?to=https%3A%2F%2Fgw.b.example%2Fmpp%2Fv1%2Fbindings%2Fn1%2Fx&y=1',
    ],
    ['http://b1.inner:8080/rni/v2/é', 'https://gw.b.example/mpp/v1/bindings/n1/é'],
  ])('is told in its own spelling: %s as %s', (text, told) => {
    expect(say(text)).toBe(told);
  });

  it.each([
    'http:\\/\\/meo.inner\\/x',
    '?to=http%3A%2F%2Fmeo.inner%2F',
    '?to=http%253A%252F%252Fmeo.inner%252F',
    'http\\u003A\\u002f\\u002fmeo.inner/',
    'http:&#47;&#x2F;meo.inner/',
    'http&colon;//meo.inner',
    'http://10.2.3.4:99999/',
    'ahttp://10.2.3.4/',
    'http:/10.2.3.4/x',
    'http:\\\\10.2.3.4\\x',
    'see http:10.2.3.4',
    '//10.2.3.4/x',
    '<a href="//meo.inner/x">',
    'https://x.example/?to=//10.2.3.4/',
    '?to=%2F%2Fmeo.inner%2Fx',
    'http://１０.2.3.4/',
    'http://10。2。3。4/',
    'http://x.example\\@10.2.3.4/',
    'http://x.example#@10.2.3.4/',
    'http://x@10.2.3.4@x.example/',
    'http://[fe80::1%25eth0]/',
  ])('%s would leak, however it is spelled', (text) => {
    expect(() => say(text)).toThrow(WouldLeak);
  });

  it('that is long is looked through once, whatever letters it has', () => {
    const begun = performance.now();
    for (const letters of ['a', '%41', '\\u0041', '.', 'a:/', '<', '&#'])
      for (const sign of ['://', ':\\/\\/', '%2F%2F']) {
        const text = `${letters.repeat(1_000_000 / letters.length)} ${sign}`;
        expect(say(text)).toBe(text);
      }
    for (const value of ['<'.repeat(1_000_000), 'mqtt://' + '.'.repeat(1_000_000) + 'x'])
      expect(translatedLinks(value, 'http://b1.inner:8080/rni/v2/', outward)).toBe(value);
    expect(performance.now() - begun).toBeLessThan(5_000 * busy());
  });

  it('may lead inside where nobody is to be kept from hearing of it', () => {
    const { from, to } = outward;
    expect(translated('http://meo.inner/', { from, to })).toBe('http://meo.inner/');
  });
});

describe('a reference', () => {
  const asked = 'http://b1.inner:8080/rni/v2/subscriptions';
  it.each([
    ['/rni/v2/subscriptions/1', 'https://gw.b.example/mpp/v1/bindings/n1/subscriptions/1'],
    ['subscriptions/1', 'https://gw.b.example/mpp/v1/bindings/n1/subscriptions/1'],
    ['?page=2', 'https://gw.b.example/mpp/v1/bindings/n1/subscriptions?page=2'],
    ['//elsewhere.example/x', 'http://elsewhere.example/x'],
  ])('%s is one from where it was asked: %s', (reference, told) => {
    expect(translatedReference(reference, asked, outward)).toBe(told);
  });

  it('beside the base would leak', () => {
    expect(() => translatedReference('/mec_app_support/v1', asked, outward)).toThrow(WouldLeak);
  });

  it('in a Link each is told', () => {
    expect(translatedLinks('<?page=2>; rel="next", </rni/v2/x>; rel=up', asked, outward)).toBe(
      '<https://gw.b.example/mpp/v1/bindings/n1/subscriptions?page=2>; rel="next", <https://gw.b.example/mpp/v1/bindings/n1/x>; rel=up',
    );
  });
});

describe('a JSON text', () => {
  it('keeps all but its strings, byte for byte', () => {
    const text = '{ "n" : 12345678901234567890.10,\n "a":[1e5, "x\\u0041\\"\\\\" , null,""], "n": 1 }';
    expect(retold(text, (value) => value)).toBe(text);
    expect(retold(text, (value) => (value === 'xA"\\' ? 'y"' : value))).toBe(
      text.replace('"x\\u0041\\"\\\\"', '"y\\""'),
    );
  });

  it('names the member of each value, and of nothing else', () => {
    const text =
      '{"callbackReference": "a", "b": ["c", {"callbackReference" :\n"d"}], "e": {"f": 1}, "g": "callbackReference"}';
    const values = stringsOf(text).filter(({ member }) => member !== undefined);
    expect(values.map(({ member, value }) => `${member}=${value}`)).toEqual([
      'callbackReference=a',
      'callbackReference=d',
      'g=callbackReference',
    ]);
  });

  it.each(['', '{', '{"a":1}x', "{'a':1}", '"a'])('%s is none', (text) => {
    expect(() => stringsOf(text)).toThrow(SyntaxError);
  });

  it('says the same as a parser, whatever stands in it', () => {
    assert(
      property(jsonValue(), constantFrom(undefined, 1, '\t'), (value, blanks) => {
        const text = JSON.stringify(value, undefined, blanks);
        const mark = (string: string): string => `${string}"\\é`;
        const marked = (each: unknown): unknown => {
          if (typeof each === 'string') return mark(each);
          if (Array.isArray(each)) return each.map(marked);
          if (typeof each !== 'object' || each === null) return each;
          return Object.fromEntries(Object.entries(each).map(([name, inner]) => [mark(name), marked(inner)]));
        };
        expect(JSON.parse(retold(text, mark))).toEqual(marked(JSON.parse(text)));
      }),
    );
  });

  it('of a mebibyte takes milliseconds, also in one string', () => {
    const begun = performance.now();
    for (const text of [
      `"${'\\\\'.repeat(500_000)}"`,
      JSON.stringify(Array.from({ length: 60_000 }, () => 'http://x/y')),
    ])
      expect(retold(text, (value) => value)).toBe(text);
    expect(performance.now() - begun).toBeLessThan(2_000 * busy());
  });
});
