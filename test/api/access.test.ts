import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority } from '../../configuration/hosts.ts';
import { nowhere, Served } from '../support/api.ts';
import { bytes } from '../support/bytes.ts';

let api: Served;
let port: string;
const temporal = nowhere();
beforeAll(async () => {
  api = await Served.start({ temporal });
  ({ port } = new URL(api.url));
});
afterAll(async () => {
  await api.stop();
  await temporal.connection.close();
});

const good = JSON.stringify({ application: 'counter', source: 'cloud', target: 'a1' });

/** Each line a header; the status that it is answered with, and the body. */
async function asked(...headers: string[]): Promise<{ status: number; body: string }> {
  return await said('POST /v1/relocations', ...headers);
}
async function said(what: string, ...headers: string[]): Promise<{ status: number; body: string }> {
  const body = what.startsWith('POST') ? good : '';
  const type = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
  const lines = [`${what} HTTP/1.1`, ...headers, ...type, 'Connection: close', '', body];
  const heard = await bytes(api.url, lines.join('\r\n'));
  return { status: Number(/^HTTP\/1.1 (\d+)/.exec(heard)?.[1]), body: heard.slice(heard.indexOf('\r\n\r\n') + 4) };
}

/** What comes behind the door, where no Temporal answers: that is waited for, so that the tests ask side by side. */
const IN = 503;

describe.concurrent('a Host', () => {
  it.each([
    ['of this machine', 'localhost'],
    ['of this machine, in capitals', 'LOCALHOST'],
    ['that is the address', '127.0.0.1'],
    ['that is another address of this machine', '127.9.0.4'],
    ['that is the address of IPv6', '[::1]'],
  ])('%s is served at the port that listens', async (_, host) => {
    expect((await asked(`Host: ${host}:${port}`)).status).toBe(IN);
  });

  it('that is configured is served', async () => {
    expect((await asked('Host: ferry.example')).status).toBe(IN);
    expect((await asked('Host: Ferry.Example')).status).toBe(IN);
  });

  it.each([
    ['of a page that was re-bound', () => `evil.example:${port}`],
    ['without its port', () => 'localhost'],
    ['of another port', () => `127.0.0.1:${Number(port) - 1}`],
    ['that only begins like one of ours', () => `127.0.0.1.evil.example:${port}`],
    ['that only ends like one of ours', () => `evil.localhost:${port}`],
    ['that is configured, at another port', () => `ferry.example:${port}`],
    ['of somebody else on this network', () => `192.168.1.1:${port}`],
    ['with a user in it', () => `localhost@evil.example:${port}`],
    ['that is empty', () => ''],
  ])('%s is answered 421', async (_, host) => {
    const { status, body } = await asked(`Host: ${host()}`);
    expect(status).toBe(421);
    expect(JSON.parse(body)).toMatchObject({ status: 421, remedy: expect.stringMatching('FERRY_HOSTS') as string });
  });

  it.each(['GET /docs', 'GET /openapi.json', 'GET /health/live', 'GET /v1/relocations', 'GET /nothing'])(
    'of a page that was re-bound is answered 421 whatever is asked: %s',
    async (what) => {
      expect((await said(what, `Host: evil.example:${port}`)).status).toBe(421);
    },
  );

  it('that is missing, or there twice, is answered 400', async () => {
    expect((await asked()).status).toBe(400);
    expect((await asked(`Host: localhost:${port}`, `Host: evil.example:${port}`)).status).toBe(400);
  });

  it('counts less than the authority of an absolute request target', async () => {
    const host = `Host: localhost:${port}`;
    expect((await said(`POST http://evil.example:${port}/v1/relocations`, host)).status).toBe(421);
    expect((await said(`POST http://localhost:${port}/v1/relocations`, host)).status).toBe(IN);
  });

  it('is not believed to somebody who forwards', async () => {
    expect((await asked(`Host: evil.example`, `X-Forwarded-Host: ferry.example`)).status).toBe(421);
  });
});

describe.concurrent('an Origin', () => {
  it('that is the Host is served', async () => {
    expect((await asked(`Host: localhost:${port}`, `Origin: http://localhost:${port}`)).status).toBe(IN);
    expect((await asked('Host: ferry.example', 'Origin: https://ferry.example')).status).toBe(IN);
  });

  it.each([
    ['of another site', () => 'http://evil.example'],
    ['of the same machine, at another port', () => 'http://localhost:1'],
    ['by another name of the same machine', () => `http://127.0.0.1:${port}`],
    ['of a sandboxed page', () => 'null'],
    ['of a file', () => 'file://'],
    ['that is none', () => 'evil'],
  ])('%s is answered 403, to look and to command', async (_, origin) => {
    const headers = [`Host: localhost:${port}`, `Origin: ${origin()}`];
    expect((await asked(...headers)).status).toBe(403);
    expect((await said('GET /v1/relocations', ...headers)).status).toBe(403);
  });
});

it('an address is written as in a Host', () => {
  expect(authority('127.0.0.1', 8700)).toBe('127.0.0.1:8700');
  expect(authority('::1', 8700)).toBe('[::1]:8700');
  expect(authority('Ferry.Example', 80)).toBe('ferry.example:80');
});
