import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consolePage } from '../../api/console.ts';

const SCRIPT = `const names = 'ferry';\n`.repeat(400);
let folder: string;
let stop = (): void => undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-console-'));
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

function build(): void {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Ferry</title>');
  writeFileSync(join(folder, 'assets', 'index-1.js'), SCRIPT);
  writeFileSync(join(folder, 'assets', 'index-1.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(folder, 'assets', 'index-1.js.gz'), gzipSync(SCRIPT));
}

async function ask(path: string, encodings: string) {
  const server = express()
    .use(consolePage(folder))
    .use((_req, res) => void res.status(404).end())
    .listen(0, '127.0.0.1');
  stop = () => void server.close();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'accept-encoding': encodings } });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

describe('the console', () => {
  it('is asked for anew each time, and is at /', async () => {
    build();
    const { status, headers, body } = await ask('/', '');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-cache']);
    expect(headers.get('content-type')).toMatch('text/html');
    expect(body).toMatch('<title>Ferry</title>');
  });

  it.each([
    ['br, gzip', 'br'],
    ['gzip, deflate', 'gzip'],
    ['identity', null],
    ['', null],
  ])('has scripts that are kept for ever, packed as is taken: %s', async (encodings, packed) => {
    build();
    const { status, headers, body } = await ask('/assets/index-1.js', encodings);
    expect([status, headers.get('content-encoding'), headers.get('vary')]).toEqual([200, packed, 'accept-encoding']);
    expect(headers.get('cache-control')).toMatch('immutable');
    expect(headers.get('content-type')).toMatch('javascript');
    expect(body).toBe(SCRIPT);
  });

  it.each(['/assets/index-2.js', '/assets/index-1.js.br', '/assets/..%2f..%2fpackage.json', '/assets/', '/index.html'])(
    'serves nothing else: %s',
    async (path) => {
      build();
      await expect(ask(path, 'br')).resolves.toMatchObject({ status: 404 });
    },
  );

  it('says what to do where it was not built', async () => {
    const { status, body } = await ask('/', '');
    expect(status).toBe(503);
    expect(body).toMatch('npm run build');
    expect(body).toMatch('/docs');
  });
});
