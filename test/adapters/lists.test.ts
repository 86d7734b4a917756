import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { whole } from '../../adapters/body.ts';
import { entriesOf } from '../../adapters/json-list.ts';
import { everyPage } from '../../adapters/paging.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

const Thing = z.object({ id: z.string() });
const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const MIB = 1024 * 1024;

let peer: FaultyServer;
afterEach(async () => await peer?.close());

/** The ids that are read from such a peer. */
async function read(
  serve: (heard: Heard, res: ServerResponse) => Reply | undefined,
  {
    path = '/things',
    absent = [] as number[],
    keep = undefined as ((entry: { id: string }) => boolean) | undefined,
  } = {},
): Promise<string[]> {
  peer = await faultyServer(serve);
  return (await everyPage(peer.exchange, path, Thing, soon(), absent, keep)).map(({ id }) => id);
}
const saying = (text: string | Buffer) => (_: Heard, res: ServerResponse) => void res.writeHead(200).end(text);

describe('a list', () => {
  it.each([
    ['[{"id":"a"},{"id":"b"}]'],
    [' \n[ {"id" : "a"} ,\t{"id":"b"} ] \r\n'],
    ['\ufeff[{"id":"a"},{"id":"b"}]'],
    ['[{"id":"a","text":"],[{\\"}\\\\"},{"id":"b","more":[[],[{}],{"x":[1,2]}]}]'],
    ['{"things":[{"id":"a"},{"id":"b"}]}'],
  ])('is read, however it is written: %j', async (text) => {
    expect(await read(saying(text))).toEqual(['a', 'b']);
  });

  it.each([['[]'], ['[ \n ]'], ['null'], [' null '], [''], ['  '], ['{}'], ['{"things":null}'], ['{"things":[]}']])(
    'may say in its own way that there is none: %j',
    async (text) => {
      expect(await read(saying(text))).toEqual([]);
    },
  );

  it('may say so by 204, and by a status that the caller knows', async () => {
    expect(await read(() => ({ status: 204 }))).toEqual([]);
    await peer.close();
    expect(await read(() => ({ status: 404 }), { absent: [404, 501] })).toEqual([]);
    await peer.close();
    expect(await read(() => ({ status: 501 }), { path: '/things?filter=x', absent: [404, 501] })).toEqual([]);
    await peer.close();
    await expect(read(() => ({ status: 404 }))).rejects.toMatchObject({ type: 'PeerRejected' });
  });

  it.each([
    ['of another kind', '{"name":"nobody"}'],
    ['of none', 'null'],
    ['a number', '17'],
    ['no JSON', '{bad: NaN}'],
    ['with a prototype', '{"id":"c","__proto__":{"admin":true}}'],
    ['deep', `{"id":"c","x":${'['.repeat(3_000)}${']'.repeat(3_000)}}`],
    ['nothing', ''],
  ])('is read past an entry that is %s', async (_, odd) => {
    expect(await read(saying(`[{"id":"a"},${odd},{"id":"b"}]`))).toEqual(['a', 'b']);
  });

  it('is read past an entry that is no UTF-8', async () => {
    const latin = Buffer.concat([Buffer.from('[{"id":"Z'), Buffer.from([0xe4]), Buffer.from('hler"},{"id":"b"}]')]);
    expect(await read(saying(latin))).toEqual(['b']);
  });

  it.each([
    ['<html>', 'its body is no JSON'],
    ['{"a":1,"b":[]}', 'its body is no list'],
    ['{"message":"out of order"}', 'its body is no list'],
    ['"text"', 'its body is no list'],
    ['[{"id":"a"}', 'its body ends in the middle of a list'],
    ['[{"id":"a"}]]', 'its body is no JSON'],
    ['[{"id":"a"}] []', 'its body is no JSON'],
    ['[{"id":"a"}}', 'its body is no JSON'],
  ])('is malformed: %j', async (text, told) => {
    await expect(read(saying(text))).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: `peer: GET /things answered 200, but ${told}`,
    });
  });

  it('is the same in whatever pieces its bytes come', async () => {
    const text = Buffer.from('\ufeff [ {"id":"ä,\\"]","x":[{}]} , null,{"id":"€"}] ');
    async function* pieces(size: number): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < text.length; at += size) yield text.subarray(at, at + size);
    }
    const seen = async (size: number): Promise<unknown[]> => {
      const values: unknown[] = [];
      for await (const { value } of entriesOf(pieces(size), 100)) values.push(value);
      return values;
    };
    const expected = [{ id: 'ä,"]', x: [{}] }, null, { id: '€' }];
    for (let size = 1; size <= text.length; size += 1) expect(await seen(size)).toEqual(expected);
  });

  it('keeps of its pieces the bytes alone, and so does what is one thing', async () => {
    const text = '[{"id":"one"},{"id":"two"}]';
    async function* pieces(): AsyncGenerator<Uint8Array> {
      const piece = Buffer.alloc(1); // as if its memory were free again once it was taken
      for (const byte of Buffer.from(text)) {
        piece[0] = byte;
        yield piece;
      }
    }
    const values: unknown[] = [];
    for await (const { value } of entriesOf(pieces(), 100)) values.push(value);
    expect(values).toEqual([{ id: 'one' }, { id: 'two' }]);
    expect(Buffer.from(await whole(pieces(), 100)).toString()).toBe(text);
  });
});

describe('a long list', () => {
  /** So many entries of others, and at their end one of ours. */
  const pouring = (others: number, text: string) => async (res: ServerResponse) => {
    res.writeHead(200).write('[');
    for (let n = 0; n < others && !res.destroyed; n += 1)
      if (!res.write(`{"id":"other-${n}","text":"${text}"},`))
        await new Promise((drained) => res.once('drain', drained));
    res.end('{"id":"ours"}]');
  };
  const isOurs = ({ id }: { id: string }): boolean => id === 'ours';

  it('takes no memory for what is dropped as it comes', async () => {
    const before = process.memoryUsage().rss;
    const text = 'x'.repeat(10_000);
    expect(await read((_, res) => void pouring(12_000, text)(res), { keep: isOurs })).toEqual(['ours']);
    expect(process.memoryUsage().rss - before).toBeLessThan(90 * MIB); // of 120 MB, sent and received in this process
  }, 20_000);

  it('may have an entry as long as an answer may be, and none that is longer', async () => {
    expect(await read(saying(`[{"id":"a","x":"${'x'.repeat(4 * MIB - 100)}"},{"id":"b"}]`))).toEqual(['a', 'b']);
    await peer.close();
    await expect(read(saying(`[{"id":"a","x":"${'x'.repeat(4 * MIB)}"}]`))).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: 'peer: GET /things answered with an entry of more than 4194304 bytes',
    });
  });

  it('may be wrapped, as long as what may be kept of it', async () => {
    const others = Array.from({ length: 10_000 }, (_, n) => ({ id: `other-${n}`, text: 'x'.repeat(500) }));
    const text = JSON.stringify({ things: [...others, { id: 'ours' }] });
    expect(text.length).toBeGreaterThan(5 * MIB);
    expect(await read(saying(text), { keep: isOurs })).toEqual(['ours']);
  });

  it('is not kept beyond a bound', async () => {
    const text = 'x'.repeat(MIB);
    await expect(read((_, res) => void pouring(20, text)(res))).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: 'peer: the list at /things has more of ours than 16777216 bytes',
    });
  });

  it('may take longer than an answer, as long as it goes on coming', async () => {
    const slowly = async (res: ServerResponse): Promise<void> => {
      res.writeHead(200).write('[');
      for (let n = 0; n < 10; n += 1) {
        res.write(`{"id":"${n}","x":"${'x'.repeat(70_000)}"},`);
        await pause(60);
      }
      res.end('{"id":"ours"}]');
    };
    expect(await read((_, res) => void slowly(res), { keep: isOurs })).toEqual(['ours']);
    await peer.close();
    const dripping = (_: Heard, res: ServerResponse): undefined => {
      res.writeHead(200).write('[');
      const drip = setInterval(() => res.write(' '), 20);
      res.on('close', () => clearInterval(drip));
    };
    await expect(read(dripping)).rejects.toMatchObject({ type: 'PeerUnavailable' });
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('is read though it is sent as %s, which was not asked for', async (encoding, encode) => {
    const body = encode(Buffer.from('[{"id":"a"}]'));
    const serve = (_: Heard, res: ServerResponse) =>
      void res.writeHead(200, { 'content-encoding': encoding }).end(body);
    expect(await read(serve)).toEqual(['a']);
    expect(peer.heard[0]?.headers['accept-encoding']).toBe('identity');
  });
});

describe('a list in pages', () => {
  const paged =
    (of: (page: number) => unknown[], pages: number) =>
    ({ query }: Heard): Reply => {
      const page = Number(query.get('page') ?? 0);
      const headers: Record<string, string> =
        page + 1 < pages ? { link: `</things?page=${page + 1}>; rel="next"` } : {};
      return { status: 200, json: of(page), headers };
    };

  it('is read to its last page, over pages that are empty or odd', async () => {
    const serve = paged((page) => (page % 3 === 0 ? [] : page % 3 === 1 ? [null] : [{ id: `${page}` }]), 9);
    expect(await read(serve)).toEqual(['2', '5', '8']);
  });

  it('may have more pages than it has entries for us', async () => {
    expect(await read(paged((page) => (page === 1_499 ? [{ id: 'ours' }] : []), 1_500))).toEqual(['ours']);
  }, 20_000);

  it('that goes in circles, of whatever length, has no end', async () => {
    for (const length of [1, 2, 7]) {
      const serve = ({ query }: Heard): Reply => {
        const page = Number(query.get('page') ?? 0);
        const next = page < 5 + length ? page + 1 : 5 + 1;
        return { status: 200, json: [], headers: { link: `</things?page=${next}>; rel="next"` } };
      };
      await expect(read(serve)).rejects.toMatchObject({
        type: 'PeerMalformed',
        message: 'peer: GET /things answered 200, but the list has no end',
      });
      await peer.close();
    }
  });

  it.each([400, 404, 414, 422, 500, 501])('whose query is refused (%i) is asked without, once', async (status) => {
    const all = paged(() => [{ id: 'a' }], 1);
    const serve = (heard: Heard): Reply => (heard.query.has('filter') ? { status } : all(heard));
    expect(await read(serve, { path: '/things?filter=(eq,id,a)' })).toEqual(['a']);
    expect(peer.heard).toHaveLength(2);
  });

  it.each([401, 403])('that is not for us (%i) is not asked again', async (status) => {
    await expect(read(() => ({ status }), { path: '/things?filter=(eq,id,a)' })).rejects.toMatchObject({
      type: 'PeerRejected',
    });
    expect(peer.heard).toHaveLength(1);
  });

  it.each([400, 404, 410, 501])(
    'of which a later one is refused (%i) is read anew, and taken for nothing less',
    async (status) => {
      const two = paged((page) => [{ id: `${page}` }], 2);
      const serve = (heard: Heard): Reply => (heard.query.has('page') ? { status } : two(heard));
      await expect(read(serve, { absent: [404, 410, 501] })).rejects.toMatchObject({
        type: 'PeerUnavailable',
        message: `peer: GET /things answered ${status}, in the middle of a list`,
      });
    },
  );
});
