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
import { mistrust, type TlsFiles } from '../../adapters/secured.ts';
import type { Issued } from '../../sandbox/certificates/authority.ts';
import { Certificates } from '../support/certificates.ts';

/** A peer that speaks TLS, shows a certificate for meo.example, and asks for one of our authority. */
const log = pino({ level: 'silent' });
const Seen = z.object({ by: z.string(), authorization: z.string().nullable() });

let ours: Certificates;
let others: Certificates;
let server: Server;
let files: Required<TlsFiles>;
/** Of ours: one that has ended, and one of an authority that the peer does not know. */
let ended: Issued;
let strange: Issued;

beforeAll(async () => {
  [ours, others] = [await Certificates.of('Operators'), await Certificates.of('Somebody')];
  const shown = await ours.authority.issue('meo', [{ type: 'dns', value: 'meo.example' }]);
  ended = ours.pair('ended', await ours.authority.issue('ferry', [], -1));
  strange = others.pair('strange', await others.authority.issue('ferry'));
  files = {
    ca: ours.file('ca.pem', ours.authority.pem),
    ...ours.pair('ferry', await ours.authority.issue('ferry')),
    serverName: 'meo.example',
  };
  server = createServer(
    { cert: shown.certificate, key: shown.key, ca: ours.authority.pem, requestCert: true, rejectUnauthorized: true },
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
  for (const certificates of [ours, others]) certificates.end();
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
    [
      'whose certificate is of a CA that we were not told',
      () => ({ ...files, ca: undefined }),
      /^meo: GET \/ shows a certificate that is not trusted \(\w+\): name its CA in "tls", as "ca"$/,
    ],
    [
      'whose certificate is of another CA than we were told',
      () => ({ ...files, ca: others.file('ca.pem', others.authority.pem) }),
      /^meo: GET \/ shows a certificate of another CA than that which "tls" names \(\w+\): put that one there$/,
    ],
    [
      'whose certificate is for another name',
      () => ({ ...files, serverName: 'oss.example' }),
      /^meo: GET \/ shows a certificate for meo\.example, and not for oss\.example \(.*\): .* as "serverName"$/,
    ],
    // All that is heard of the next, with TLS 1.3, is that the connection ends
    [
      'that asks for our certificate where we have none',
      () => ({ ca: files.ca, serverName: files.serverName }),
      /^meo: GET \/ ended the connection \(\w+\)\. If that lasts: it may ask for a certificate, and we have none/,
    ],
    [
      'where ours has ended',
      () => ({ ...files, ...ended }),
      /^meo: GET \/ ended the connection .* ours \(ferry, of Operators\) ended at 20\S+Z: put a renewed one there$/,
    ],
    [
      'where ours is of a CA that it does not know',
      () => ({ ...files, ...strange }),
      /^meo: GET \/ ended .*: it may not trust ours \(ferry, of Somebody\), good until 20\S+Z: have its CA named there/,
    ],
    [
      'where our key is of another certificate',
      () => ({ ...files, key: strange.key }),
      /^meo: our key is not that of our certificate: put the two of one pair where the configuration says$/,
    ],
    [
      'where our certificate is none',
      () => ({ ...files, certificate: ours.file('text.pem', 'a text') }),
      /^meo: our certificate is no certificate in PEM: put one where the configuration says$/,
    ],
    [
      'where our key is none',
      () => ({ ...files, key: ours.file('text.key', 'a text') }),
      /^meo: our key is none in PEM, or needs a passphrase: put one where the configuration says$/,
    ],
    [
      'whose CA is none',
      () => ({ ...files, ca: ours.file('text.ca', '') }),
      /^meo: the CA is no certificate in PEM: put one where the configuration says$/,
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

  it('whose certificate has ended is told as such, and what to do about it', async () => {
    const shown = await ours.authority.issue('meo', [{ type: 'dns', value: 'meo.example' }], -1);
    const late = createServer({ cert: shown.certificate, key: shown.key }).listen(0, '127.0.0.1');
    await once(late, 'listening');
    const url = `https://127.0.0.1:${(late.address() as AddressInfo).port}`;
    const exchange = new Exchange({ name: 'meo', url, timeoutMs: 5_000, tls: files }, log);
    await expect(exchange.ask({ method: 'GET', path: '/' }, AbortSignal.timeout(10_000))).rejects.toMatchObject({
      message:
        'meo: GET / shows a certificate that has ended (CERT_HAS_EXPIRED): have it renewed there, unless our clock is wrong',
    });
    late.close();
  });

  it.each([
    ['that it takes none of ours', 'TLSV1_ALERT_UNKNOWN_CA', /does not take our certificate .*\(ferry, of Operators\)/],
    ['that it wants one', 'TLSV13_ALERT_CERTIFICATE_REQUIRED', /does not take our certificate/],
    ['that it speaks another TLS', 'TLSV1_ALERT_PROTOCOL_VERSION', /^speaks another TLS than we do/],
  ])('that says %s is heard', (_, alert, told) => {
    expect(mistrust(Object.assign(new Error('x'), { code: `ERR_SSL_${alert}` }), { tls: files })).toMatch(told);
  });

  it('takes a renewed certificate without a new start of ours', async () => {
    const tls = { ...files, ...ended };
    const exchange = new Exchange({ name: 'meo', url: `https://127.0.0.1:${port()}`, timeoutMs: 5_000, tls }, log);
    const ask = async () =>
      (await exchange.ask({ method: 'GET', path: '/', schema: Seen }, AbortSignal.timeout(10_000))).body.by;
    for (const name of ['first', 'second']) {
      ours.pair('ended', await ours.authority.issue(name));
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
