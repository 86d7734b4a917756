import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contractContext } from '../../adapters/application/context.ts';
import { Exchange } from '../../adapters/http.ts';
import { standingToken } from '../../adapters/oauth/tokens.ts';
import type { TlsFiles } from '../../adapters/secured.ts';
import { Authority } from '../support/certificates.ts';

/** A peer that speaks TLS, shows a certificate for meo.example, and asks for one of our authority. */
const log = pino({ level: 'silent' });
const Seen = z.object({ by: z.string(), authorization: z.string().nullable() });

let ours: Authority;
let others: Authority;
let server: Server;
let files: Required<TlsFiles>;

beforeAll(async () => {
  [ours, others] = [await Authority.make('Operators'), await Authority.make('Somebody')];
  const shown = await ours.issue('meo', [{ type: 'dns', value: 'meo.example' }]);
  const client = await ours.issue('ferry');
  files = {
    ca: ours.file('ca.pem', ours.pem),
    certificate: ours.file('ferry.pem', client.certificate),
    key: ours.file('ferry.key', client.key),
    serverName: 'meo.example',
  };
  server = createServer(
    { cert: shown.certificate, key: shown.key, ca: ours.pem, requestCert: true, rejectUnauthorized: true },
    (req, res) => {
      const by = (req.socket as TLSSocket).getPeerCertificate().subject.CN;
      res.setHeader('connection', 'close').setHeader('content-type', 'application/json');
      const state = { instance: 'c-1', role: 'standby', users: [], promisedTo: null, retiring: false };
      const contract = { ...state, clientSeenSecondsAgo: null, clients: 0, expectedFreezeMs: 3 };
      res.end(JSON.stringify({ by, authorization: req.headers.authorization ?? null, ...contract }));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await once(server, 'close');
  for (const authority of [ours, others]) authority.end();
});

const port = (): number => (server.address() as AddressInfo).port;

const asked = async (tls: TlsFiles | undefined, scheme = 'https') => {
  const exchange = new Exchange({ name: 'meo', url: `${scheme}://127.0.0.1:${port()}`, timeoutMs: 5_000, tls }, log);
  return await exchange.ask({ method: 'GET', path: '/', schema: Seen }, AbortSignal.timeout(10_000));
};

describe('a peer that asks for our certificate', () => {
  it('learns who we are, and is known by its own', async () => {
    expect((await asked(files)).body).toEqual({ by: 'ferry', authorization: null });
  });

  it.each([
    ['whose certificate is of a CA that we were not told', () => ({ ...files, ca: undefined }), /not trusted/],
    [
      'whose certificate is for another name',
      () => ({ ...files, serverName: 'oss.example' }),
      /shows a certificate for another name/,
    ],
    [
      'that we show none',
      () => ({ ca: files.ca, serverName: files.serverName }),
      // All that is heard of it, with TLS 1.3, is that the connection ends
      /did not answer \(UND_ERR_SOCKET\)|does not trust our certificate/,
    ],
    [
      'whose CA is not where it should be',
      () => ({ ...files, ca: `${ours.folder}/none.pem` }),
      /^meo: the CA cannot be read \(ENOENT\): put it where the configuration says$/,
    ],
  ])('is not asked anything, %s', async (_, tls, told) => {
    await expect(asked(tls())).rejects.toMatchObject({
      type: 'PeerUnavailable',
      message: expect.stringMatching(told) as string,
    });
  });

  it('is not asked anything by one who shows the certificate of somebody else', async () => {
    const strange = await others.issue('ferry');
    const shown = {
      ...files,
      certificate: others.file('strange.pem', strange.certificate),
      key: others.file('strange.key', strange.key),
    };
    await expect(asked(shown)).rejects.toMatchObject({ type: 'PeerUnavailable' });
  });

  it('takes a renewed certificate without a new start of ours', async () => {
    const tls = { ...files, certificate: ours.file('old.pem', ''), key: ours.file('old.key', '') };
    const exchange = new Exchange({ name: 'meo', url: `https://127.0.0.1:${port()}`, timeoutMs: 5_000, tls }, log);
    const ask = async () =>
      (await exchange.ask({ method: 'GET', path: '/', schema: Seen }, AbortSignal.timeout(10_000))).body.by;
    for (const name of ['first', 'second']) {
      const { certificate, key } = await ours.issue(name);
      ours.file('old.pem', certificate);
      ours.file('old.key', key);
      expect(await ask()).toBe(name);
    }
  });

  it('that speaks no TLS where its URL says so is told as such', async () => {
    const plain = createPlainServer().listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const url = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    const exchange = new Exchange({ name: 'meo', url, timeoutMs: 5_000, tls: files }, log);
    await expect(exchange.ask({ method: 'GET', path: '/' }, AbortSignal.timeout(10_000))).rejects.toMatchObject({
      type: 'PeerUnavailable',
      message: expect.stringContaining('speaks no TLS there') as string,
    });
    plain.close();
  });
});

describe('an instance that asks who calls', () => {
  it('is asked by HTTPS for its application’s certificate, with the token that stands there now', async () => {
    const seen: unknown[] = [];
    server.on('request', ({ headers }) => seen.push(headers.authorization));
    process.env['TEST_TOKEN_OF_MANAGEMENT'] = 'first';
    const credentials = standingToken({ env: 'TEST_TOKEN_OF_MANAGEMENT' }, 'counter');
    const context = contractContext({ name: 'counter', managementPort: port(), tls: files, credentials }, log);
    const state = async () => await context.state({ host: '127.0.0.1', port: 1 }, '*', AbortSignal.timeout(10_000));
    await expect(state()).resolves.toMatchObject({ role: 'standby' });
    process.env['TEST_TOKEN_OF_MANAGEMENT'] = 'second';
    await state();
    delete process.env['TEST_TOKEN_OF_MANAGEMENT'];
    await expect(state()).rejects.toMatchObject({
      type: 'PeerUnavailable',
      message: expect.stringContaining('environment variable TEST_TOKEN_OF_MANAGEMENT') as string,
    });
    expect(seen).toEqual(['Bearer first', 'Bearer second']);
  });
});
