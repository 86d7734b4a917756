import { array, assert, asyncProperty, constantFrom, integer } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inAscii, isReadable, isTextual, toldText, untold } from '../../gateway/text-stream.ts';
import { Unreadable } from '../../adapters/body.ts';
import { toldJson } from '../../gateway/telling.ts';
import { translated, type Translation, WouldLeak } from '../../gateway/translation.ts';

const outward: Translation = {
  from: 'http://b1.inner:8080/rni/v2',
  to: 'https://gw.b.example/n1',
  hides: ({ hostname }) => hostname.endsWith('.inner') || hostname.startsWith('10.'),
};

async function* inParts(
  text: string,
  sizes: readonly number[],
  encoding: BufferEncoding = 'utf8',
): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, encoding);
  let at = 0;
  for (let nth = 0; at < bytes.length; nth += 1) {
    const size = sizes.length === 0 ? bytes.length : (sizes[nth % sizes.length] ?? 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

const told = async (text: string, ...sizes: number[]): Promise<string> =>
  await read(toldText(inParts(text, sizes), outward));

describe('a text that streams', () => {
  it('is told as if it were there whole, wherever it is cut', async () => {
    const words = constantFrom(
      'http://b1.inner:8080/rni/v2/x',
      'http:\\/\\/b1.inner:8080\\/rni\\/v2\\/y',
      'https://elsewhere.example/?next=http%3A%2F%2Fb1.inner%3A8080%2Frni%2Fv2%2Fz',
      '<loc>http://b1.inner:8080/rni/v2</loc>',
      'data: {"n": 1}\n\n',
      'häuser:',
      'ratio 3:1/2 ',
      '100%',
      ' ',
      '"',
      '\r\n',
    );
    await assert(
      asyncProperty(array(words), array(integer({ min: 1, max: 9 }), { minLength: 1 }), async (parts, sizes) => {
        const text = parts.map((part) => `${part} `).join('');
        expect(await told(text, ...sizes)).toBe(translated(text, outward));
      }),
    );
  });

  it.each([
    'data: http://10.2.3.4/x\n\n',
    '{"at":"http:\\/\\/meo.inner\\/x"}\n',
    '{"at":"http\\u003a\\u002f\\u002fmeo.inner"}\n',
    '<a href="http:&#x2F;&#x2f;10.2.3.4/">',
    'see?u=http%3A%2F%2F10.2.3.4',
    'see?u=http%253A%252F%252F10.2.3.4%252F',
    'at http://10.2.3.4:99999/',
    '<a href="//10.2.3.4/">',
    'to=%2f%2fmeo.inner%2f',
    'http:\\\\meo.inner\\x',
  ])('is cut before it says %s, wherever that is cut', async (text) => {
    for (let size = 1; size <= text.length; size += 1) {
      const said: string[] = [];
      const telling = (async () => {
        for await (const part of toldText(inParts(`well ${text} more`, [size]), outward))
          said.push(Buffer.from(part).toString());
      })();
      await expect(telling).rejects.toThrow(WouldLeak);
      expect(said.join('')).not.toMatch(/10\.2|inner/);
    }
  });

  it('keeps back what may be an address, and nothing else', async () => {
    const waiting = async function* (text: string): AsyncGenerator<Uint8Array> {
      yield Buffer.from(text);
      await new Promise(() => undefined);
    };
    const first = async (text: string): Promise<string> => {
      const { value } = await toldText(waiting(text), outward).next();
      return Buffer.from(value as Uint8Array).toString();
    };
    expect(await first('tick')).toBe('tick');
    expect(await first('12:30 ping:1')).toBe('12:30 ping:1');
    expect(await first('now http://b1.inner:80')).toBe('now ');
  });

  it('that began as no address does not become one', async () => {
    await expect(told('http://10.2.3.4/x ', 4)).rejects.toThrow(WouldLeak);
  });

  it('of bytes that are no text stays as it is', async () => {
    const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * 7) % 256));
    const all: Uint8Array[] = [];
    for await (const part of toldText(
      (async function* () {
        yield bytes.subarray(0, 1_234);
        yield bytes.subarray(1_234);
      })(),
      outward,
    ))
      all.push(part);
    expect(Buffer.concat(all).equals(bytes)).toBe(true);
  });

  it('without end is not kept', async () => {
    const long = `x:/${'y'.repeat(500_000)}`;
    expect(await told(long, 1_000)).toBe(long);
  });

  it.each(['%', ':/', '&#', '\\\\', 'http://['])(
    'costs no more where its bytes come one by one, be they all %s',
    async (word) => {
      const long = word.repeat(20_000 / word.length);
      const begun = process.cpuUsage();
      expect(await told(long, 1)).toBe(long);
      expect(process.cpuUsage(begun).user).toBeLessThan(4_000_000); // microseconds; it was twenty seconds
    },
  );
});

describe('JSON', () => {
  it('that comes in pieces is kept by its bytes: what a piece was is free again', async () => {
    const text = JSON.stringify({ a: ['http://b1.inner:8080/rni/v2/x', 'y'.repeat(10_000)] });
    const { text: said } = await toldJson(
      (async function* () {
        const piece = Buffer.alloc(1);
        for (const byte of Buffer.from(text)) {
          piece[0] = byte;
          yield piece;
        }
      })(),
      async () => outward,
    );
    expect(said).toBe(text.replace('http://b1.inner:8080/rni/v2', outward.to));
  });

  it.each(['http:\t//10.2.3.4/x', 'http://10.\n2.3.4/', ' \r//meo.inner', '\ufeffhttp://meo.inner/'])(
    'with %j would leak: parsers pass over what makes it none',
    async (at) => {
      await expect(toldJson(inParts(JSON.stringify({ at }), []), async () => outward)).rejects.toThrow(WouldLeak);
    },
  );

  it('may have any number of lines', async () => {
    const text = JSON.stringify({ at: 'see:\nhttp://a.example/\n10.2.3.4, and\n//\nmeo.inner' });
    expect((await toldJson(inParts(text, []), async () => outward)).text).toBe(text);
  });

  it('that is long is read in a turn of its own, however many come at once', async () => {
    let turn = 0;
    let ticking = setImmediate(function tick() {
      turn += 1;
      ticking = setImmediate(tick);
    });
    const long = JSON.stringify({ a: 'x'.repeat(100_000) });
    const turns = new Set<number>();
    const reading = Array.from(
      { length: 10 },
      async () =>
        await toldJson(inParts(long, []), async () => {
          turns.add(turn);
          return outward;
        }),
    );
    await Promise.all(reading);
    clearImmediate(ticking);
    expect(turns.size).toBe(10);
  });
});

describe('a request', () => {
  const asked = async (text: string, type?: string): Promise<string> =>
    await read(untold(inParts(text, [3]), type, outward));

  it('passes byte for byte', async () => {
    expect(await asked('a=1&to=http%3A%2F%2Fapp.example%2F', 'application/x-www-form-urlencoded')).toContain(
      'app.example',
    );
  });

  it('is refused where it names what has another name there, or none, unless it is no text', async () => {
    for (const text of ['see http://meo.inner/ ', 'see http://b1.inner:8080/rni/v2/x ', 'u=http%3A%2F%2F10.2.3.4%2F']) {
      await expect(asked(text, 'text/plain')).rejects.toMatchObject({ status: 400 });
      await expect(asked(text)).rejects.toMatchObject({ status: 400 });
      expect(await asked(text, 'image/png')).toBe(text);
    }
  });
});

it.each([
  [undefined, true],
  ['text/event-stream', true],
  ['application/x-ndjson; charset=utf-8', true],
  ['application/xml', true],
  ['application/problem+xml', true],
  ['image/svg+xml', true],
  ['application/vnd.apple.mpegurl', true],
  ['application/jsonl', true],
  ['application/link-format', true],
  ['application/vnd.of-nobody+x', true],
  ['multipart/mixed; boundary=x', true],
  ['application/cbor', false],
  ['application/senml+cbor', false],
  ['application/octet-stream', false],
  ['video/mp4', false],
  ['multipart/form-data; boundary=x', true],
])('%s is a text: %s', (type, is) => {
  expect(isTextual(type)).toBe(is);
});

it.each([
  ['text/plain', Buffer.from('http://meo.inner/', 'utf16le')],
  ['application/xml', Buffer.from('<a/>\0')],
  [undefined, Buffer.from('\ufeffhttp://meo.inner/', 'utf16le')],
  [undefined, Buffer.from('\ufeffhttp://meo.inner/', 'utf16le').swap16()],
])('what says that it is %s, and whose characters take more than a byte each, is not read', async (type, bytes) => {
  for (const size of [1, 100]) {
    await expect(read(inAscii(inParts(bytes.toString('latin1'), [size], 'latin1'), type))).rejects.toThrow(Unreadable);
    const asked = read(untold(inParts(bytes.toString('latin1'), [size], 'latin1'), type, outward));
    await expect(asked).rejects.toMatchObject({ status: 415 });
  }
});

it('bytes of nobody knows what may have any', async () => {
  expect(await read(inAscii(inParts('a\0b', []), 'multipart/mixed'))).toBe('a\0b');
  expect(await read(inAscii(inParts('a\0b', []), undefined))).toBe('a\0b');
});

it('a text whose characters take more than a byte each is not read', () => {
  expect(
    [
      'text/plain; charset=utf-16le',
      'text/plain;charset="UTF-7"',
      'text/plain; charset=unicode',
      "text/plain; charset='iso-10646-ucs-2'",
      'text/plain; charset=utf-8; charset=ibm037',
      'text/plain; charset=latin1',
      'text/plain; charset="UTF-8"',
    ].map(isReadable),
  ).toEqual([false, false, false, false, false, true, true]);
});
