import { once } from 'node:events';
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { decodeJwt } from 'jose';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TlsFiles } from '../../adapters/secured.ts';
import type { Tls } from '../../configuration/credentials.ts';
import { Federation } from '../../configuration/federation.ts';
import { Peer } from '../../configuration/peers.ts';
import { Tokens } from '../../doors/tokens/tokens.ts';
import { Carrier } from '../../gateway/carrier.ts';
import type { Passage } from '../../gateway/passage.ts';
import { partnerOf } from '../../worker/federation.ts';
import { Peers } from '../../worker/peers.ts';
import { callbacksOf } from '../../worker/subscribers.ts';
import { Certificates } from '../support/certificates.ts';
import { ask } from '../support/gateways.ts';
import { confirmationOf, Issuer } from '../support/issuer.ts';

/**
 * Whoever is asked beside a peer, each by TLS, with certificates of an authority of ours, and hearing nobody without one:
 * an authorization server, and whatever a partner has.
 */
const log = pino({ level: 'silent' });
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

let ours: Certificates;
let others: Certificates;
let files: Required<Pick<TlsFiles, 'ca' | 'certificate' | 'key'>>;
let issuer: Issuer;
/** Their certificates have ended. */
let late: { readonly issuer: Issuer; readonly partner: Server };
let partner: Server;
/** By whose certificate the partner was asked what. */
const heard: string[] = [];

const demanding = async (days?: number): Promise<ServerOptions> => {
  const { certificate: cert, key } = await ours.authority.issue('b', [{ type: 'ip', value: '127.0.0.1' }], days);
  return { cert, key, ca: ours.authority.pem, requestCert: true, rejectUnauthorized: true };
};
const urlOf = (server: Server): string => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
const by = ({ socket }: IncomingMessage): string => String((socket as TLSSocket).getPeerCertificate().subject.CN);

function serve(req: IncomingMessage, res: ServerResponse): void {
  heard.push(`${by(req)} ${req.method} ${req.url} ${(req.headers.authorization ?? 'without a token').split(' ')[0]}`);
  res.setHeader('connection', 'close').setHeader('content-type', 'application/json');
  res.end(JSON.stringify({ operator: 'operator-b', role: 'manager', will: 'open', version: '1', systemsTag: 't' }));
}

beforeAll(async () => {
  [ours, others] = [await Certificates.of('Operators'), await Certificates.of('Somebody')];
  files = {
    ca: ours.file('ca.pem', ours.authority.pem),
    ...ours.pair('ferry', await ours.authority.issue('ferry')),
  };
  process.env['SECRET_OF_SECURED_SERVERS'] = 'a-secret';
  issuer = await Issuer.start(await demanding());
  partner = createServer(await demanding(), serve);
  late = { issuer: await Issuer.start(await demanding(-1)), partner: createServer(await demanding(-1), serve) };
  for (const server of [partner, late.partner]) await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  await issuer.stop();
  await late.issuer.stop();
  for (const server of [partner, late.partner]) server.close();
  for (const certificates of [ours, others]) certificates.end();
});

const clientOf = (at: Issuer, tls: Tls | undefined) => ({
  issuer: at.url,
  id: 'ferry',
  secret: { env: 'SECRET_OF_SECURED_SERVERS' },
  tls,
});

interface Asked {
  readonly at: { readonly issuer: Issuer; readonly partner: Server };
  /** Of who is asked; others of it are as they must be. */
  readonly tls: Tls | undefined;
}

const partnerBy = (url: string, tls: Tls | undefined, client: object) =>
  partnerOf(
    'b',
    Federation.parse({
      operator: { id: 'operator-a', name: 'A', country: 'DE', mcc: '262', mncs: ['01'] },
      url: 'https://fm.a.example',
      issuers: { own: { issuer: issuer.url, audience: 'ferry', tls: files } },
      partners: { b: { operator: 'operator-b', url, tls, client, accepts: { issuer: 'own', client: 'b' } } },
    }),
    log,
  );

/** Nothing more of it is told to others. */
const forWhoAsks = (said: string, expected: string): boolean => said === expected;

/** Each as it is put together from the configuration; it says why not in one sentence. */
const askers = {
  'the authorization server of a peer': async ({ at, tls }: Asked) => {
    const meo = Peer.parse({ kind: 'meo', url: urlOf(partner), tls: files, client: clientOf(at.issuer, tls) });
    await new Peers({ peers: { meo } }, log)
      .exchange('meo')
      .ask({ method: 'GET', path: '/x', schema: z.object({}) }, soon());
  },
  'a MEO, of what it has': async ({ at, tls }: Asked) => {
    const meo = { kind: 'meo', url: urlOf(partner), mfm: urlOf(at.partner), tls, client: clientOf(issuer, files) };
    const peers = new Peers({ peers: { meo: Peer.parse(meo) } }, log);
    const mfm = peers.mfmOf({ cellular: { meo: 'meo', network: 'cellular' } }).get('cellular');
    await mfm?.ask({ method: 'GET', path: '/offers' }, soon());
  },
  'a MEO that is told of a change (MEC 040)': async ({ at, tls }: Asked) => {
    const meo = Peer.parse({ kind: 'meo', url: urlOf(at.partner), tls });
    const systems = { cellular: { meo: 'meo', network: 'cellular', client: 'meo-one' } };
    const tell = callbacksOf({ systems, peers: { meo } }, log);
    const due = { client: 'meo-one', callback: `${urlOf(at.partner)}/changes?of=members` };
    await tell({ ...due, root: 'https://fm.a.example', subscription: 's-1', notices: [] }, soon());
  },
  'the authorization server of a partner': async ({ at, tls }: Asked) =>
    await partnerBy(urlOf(partner), files, clientOf(at.issuer, tls)).authenticate(soon()),
  'the outer listener of a partner': async ({ at, tls }: Asked) =>
    void (await partnerBy(urlOf(at.partner), tls, clientOf(issuer, files)).relation('ctx-1', soon())),
  'the link that a partner gave': async ({ at, tls }: Asked) =>
    await partnerBy(urlOf(at.partner), tls, clientOf(issuer, files)).tellWill(
      { context: 'ctx-1', callbackUrl: `${urlOf(at.partner)}/status` } as never,
      'open',
      new Date(),
      soon(),
    ),
  'our own authorization server, for its keys': async ({ at, tls }: Asked) => {
    const tokens = new Tokens({ own: { issuer: at.issuer.url, audience: 'ferry', algorithms: ['ES256'], tls } });
    await tokens.check(await at.issuer.token()).catch((error: Error) => {
      throw forWhoAsks(error.message, 'the keys of the authorization server cannot be read, so no token can be checked')
        ? (error.cause as Error) // for the log
        : error;
    });
  },
  'the gateway of a partner': async ({ at, tls }: Asked) => {
    const carrier = new Carrier({ b: { tls } });
    let why: string | undefined;
    const untranslated = async () => ({ from: 'http://a.example', to: 'http://b.example', hides: () => false });
    const passage: Passage = {
      path: { partner: 'b' } as never,
      asked: `${urlOf(at.partner)}/mpp`,
      target: { path: '', query: '' },
      asks: untranslated,
      answers: untranslated,
      credentials: { authorization: async () => 'Bearer x', refused: () => undefined },
    };
    const course = { signal: soon(), passed: () => undefined, distrusted: (said: string) => (why = said) };
    const application = createPlainServer((req, res) => {
      carrier.carry(req, res, passage, course).catch((error: Error & { status?: number }) => {
        res.writeHead(error.status ?? 500).end(error.message);
      });
    });
    await once(application.listen(0, '127.0.0.1'), 'listening');
    const answer = await ask(`http://127.0.0.1:${(application.address() as AddressInfo).port}`, '/');
    application.close();
    await carrier.end();
    const said = `${answer.status} ${answer.text}`;
    if (why !== undefined && forWhoAsks(said, '503 the service is not in reach')) throw new Error(why);
    if (answer.status !== 200) throw new Error(said);
  },
} satisfies Record<string, (asked: Asked) => Promise<void>>;

type Asker = keyof typeof askers;

/** How it begins, and what the configuration calls its `tls`. */
const told: Record<Asker, readonly [begins: RegExp, member: string]> = {
  'the authorization server of a peer': [/^authorization server 127.0.0.1:\d+: GET \/\S+ /, 'client.tls'],
  'a MEO, of what it has': [/^meo: GET \/offers /, 'tls'],
  'a MEO that is told of a change (MEC 040)': [/^meo-one: POST \/changes\S* /, 'tls'],
  'the authorization server of a partner': [/^b, its authorization server: GET \/\S+ /, 'client.tls'],
  'the outer listener of a partner': [/^b: GET \/mff\/v1\/\{federationContextId\} /, 'tls'],
  'the link that a partner gave': [/^b: POST \{partnerStatusLink\} /, 'tls'],
  'our own authorization server, for its keys': [/^issuer own /, 'issuers.own.tls'],
  'the gateway of a partner': [/^b /, 'tls'],
};

describe.each(Object.keys(askers) as Asker[])('%s', (asker) => {
  const [begins, member] = told[asker];
  const right = (): Asked['at'] => ({ issuer, partner });
  const why = async (asked: Asked): Promise<string> => {
    const said = await askers[asker](asked).then(
      () => 'nothing',
      ({ message }: Error) => message,
    );
    expect(said).toMatch(begins);
    expect(said).not.toContain(ours.folder);
    return said.replace(begins, '').replace(/\((UNABLE_TO|SELF_SIGNED)_\w+\)/, '(…)');
  };

  it('is asked where both trust each other', async () => {
    await expect(askers[asker]({ at: right(), tls: files })).resolves.toBeUndefined();
  });

  it('is not asked by who was not told its authority, and the member that names it is told', async () => {
    expect(await why({ at: right(), tls: undefined })).toBe(
      `shows a certificate that is not trusted (…): name its CA in "${member}", as "ca"`,
    );
  });

  it('is not asked where another authority is named', async () => {
    const ca = others.file('ca.pem', others.authority.pem);
    expect(await why({ at: right(), tls: { ...files, ca } })).toBe(
      `shows a certificate of another CA than that which "${member}" names (…): put that one there`,
    );
  });

  it('is not asked once its certificate has ended', async () => {
    expect(await why({ at: late, tls: files })).toBe(
      'shows a certificate that has ended (CERT_HAS_EXPIRED): have it renewed there, unless our clock is wrong',
    );
  });

  it('does not hear us without a certificate', async () => {
    expect(await why({ at: right(), tls: { ca: files.ca } })).toMatch(
      new RegExp(
        `^ended the connection \\(\\w+\\)\\. If that lasts: it may ask for a certificate, .* name one in "${member}"$`,
      ),
    );
  });

  it('does not hear us with a certificate that has ended', async () => {
    const tls = { ...files, ...ours.pair('renewed', await ours.authority.issue('ferry', [], -1)) };
    expect(await why({ at: right(), tls })).toMatch(
      /^ended the .* ours \(ferry, of Operators\) ended at 20\S+Z: put a/,
    );
  });
});

it('keys that an authorization server would have read by plain HTTP are not asked for', async () => {
  const plain = await Issuer.start();
  issuer.keysAt = `${plain.url}/jwks`;
  try {
    const tokens = new Tokens({ own: { issuer: issuer.url, audience: 'ferry', algorithms: ['ES256'], tls: files } });
    const refused = {
      status: 503,
      cause: { message: expect.stringMatching(/leads to keys by plain HTTP$/) as string },
    };
    await expect(tokens.check(await issuer.token())).rejects.toMatchObject(refused);
    expect(plain.asked).toBe(0);
  } finally {
    issuer.keysAt = undefined;
    await plain.stop();
  }
});

it('a renewed certificate is taken by an authorization server without a new start of ours', async () => {
  const tls = { ...files, ...ours.pair('renewed', await ours.authority.issue('ferry', [], -1)) };
  const meo = Peer.parse({ kind: 'meo', url: urlOf(partner), tls: files, client: clientOf(issuer, tls) });
  const exchange = new Peers({ peers: { meo } }, log).exchange('meo');
  const asking = async () => await exchange.ask({ method: 'GET', path: '/x' }, soon());
  await expect(asking()).rejects.toThrow('put a renewed one there');
  ours.pair('renewed', await ours.authority.issue('ferry'));
  await expect(asking()).resolves.toMatchObject({ status: 200 });
});

describe('a token that is bound to our certificate (RFC 8705), once that is renewed', () => {
  it.each(['peer', 'issuer'] as const)(
    'is replaced by one for the new one, where only the %s is connected to anew',
    async (anew) => {
      issuer.hangsUp = anew === 'issuer';
      let takes = true;
      const seen: number[] = [];
      const peer = createServer(await demanding(), (req, res) => {
        const { cnf } = decodeJwt(req.headers.authorization?.split(' ')[1] ?? '');
        const status = takes && isDeepStrictEqual(cnf, confirmationOf(req)) ? 200 : 401;
        takes = true;
        seen.push(status);
        if (anew === 'peer') res.setHeader('connection', 'close');
        res.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
      await once(peer.listen(0, '127.0.0.1'), 'listening');
      const tls = { ...files, ...ours.pair('bound', await ours.authority.issue('ferry')) };
      const meo = Peer.parse({ kind: 'meo', url: urlOf(peer), tls, client: clientOf(issuer, tls) });
      const exchange = new Peers({ peers: { meo } }, log).exchange('meo');
      const asking = async () => (await exchange.ask({ method: 'GET', path: '/x' }, soon())).status;
      await asking();
      ours.pair('bound', await ours.authority.issue('ferry'));
      takes = false; // as where it has ended
      expect(await asking()).toBe(200);
      expect(seen).toEqual([200, 401, 200]);
      peer.closeAllConnections();
      peer.close();
      issuer.hangsUp = false;
    },
  );
});

it('what is asked of a partner is asked by our certificate, with a token; a MEO is told without one', () => {
  expect(new Set(heard)).toEqual(
    new Set([
      'ferry GET /x Bearer',
      'ferry GET /offers Bearer',
      'ferry POST /changes?of=members without',
      'ferry GET /mff/v1/ctx-1 Bearer',
      'ferry POST /status Bearer',
      'ferry GET /mpp Bearer',
    ]),
  );
});
