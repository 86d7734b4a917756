import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemDetails, problems } from '../../../api/problem.ts';
import type { Scope } from '../../../api/serve.ts';
import { close, serverOf } from '../../../doors/server.ts';
import { admission, callerOf } from '../../../api/tokens/admission.ts';
import { callersOf } from '../../../doors/tokens/callers.ts';
import { Tokens } from '../../../doors/tokens/tokens.ts';
import { Federation } from '../../../configuration/federation.ts';
import { bytes } from '../../support/bytes.ts';
import { Issuer } from '../../support/issuer.ts';

let own: Issuer;
let url: string;
let stop: () => Promise<void>;
beforeAll(async () => {
  own = await Issuer.start();
  const admit = admission(new Tokens({ own: { issuer: own.url, audience: 'ferry', algorithms: ['ES256'] } }));
  const served = express();
  const scopes: readonly Scope[] = ['mff', 'fed_enablement', 'fed_enablement:read'];
  for (const scope of scopes) served.get(`/${scope}`, admit(scope), (_req, res) => void res.json(callerOf(res)));
  served.get('/anybody', admit('anybody'), (_req, res) => void res.json({}));
  const server = serverOf(served.use(problems(pino({ level: 'silent' }), problemDetails)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = async () => await close(server, 1_000);
});
afterAll(async () => {
  await stop?.();
  await own?.stop();
});

const asked = async (path: string, authorization?: string): Promise<Response> =>
  await fetch(`${url}${path}`, authorization === undefined ? {} : { headers: { authorization } });

describe('who asks', () => {
  it('is known by the token', async () => {
    const answer = await asked('/mff', `Bearer ${await own.token()}`);
    expect(await answer.json()).toEqual({ issuer: 'own', client: 'client-b', scopes: ['fed-mgmt', 'mff'] });
  });

  it('may spell the scheme as he likes (RFC 9110, 11.1)', async () => {
    expect((await asked('/mff', `bearer ${await own.token()}`)).status).toBe(200);
  });

  it('is asked for a token, and told nothing else, where there is none', async () => {
    const answer = await asked('/mff');
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  it.each([
    ['of another scheme', 'Basic YTpi'],
    ['with nothing in it', 'Bearer'],
    ['with two tokens', 'Bearer one two'],
    ['that is no token', 'Bearer {"a":1}'],
    ['longer than anybody issues', `Bearer ${'a'.repeat(9_000)}`],
  ])('is refused with an Authorization %s', async (_what, authorization) => {
    const answer = await asked('/mff', authorization);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_/);
  });

  it('is refused with two Authorization headers, of which the first is good', async () => {
    const token = await own.token();
    const heard = await bytes(
      url,
      `GET /mff HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nauthorization: Bearer x\r\nConnection: close\r\n\r\n`,
    );
    expect(heard).toMatch(/^HTTP\/1.1 401 [^]*several Authorization/);
  });

  it('is refused with headers beyond all measure', async () => {
    const heard = await bytes(
      url,
      `GET /mff HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'a'.repeat(20_000)}\r\n\r\n`,
    );
    expect(heard).toMatch(/^HTTP\/1.1 431 /);
  });

  it('is not asked where anybody may come', async () => {
    expect((await asked('/anybody')).status).toBe(200);
  });
});

describe('what the token does not allow', () => {
  it('is refused with 403, and the scope that is missing', async () => {
    const answer = await asked('/fed_enablement', `Bearer ${await own.token()}`);
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="fed_enablement"');
  });

  it('is less for who may write than for who may read', async () => {
    const writer = `Bearer ${await own.token({ scope: 'fed_enablement' })}`;
    const reader = `Bearer ${await own.token({ scope: 'fed_enablement:read' })}`;
    const statuses = [];
    for (const who of [writer, reader])
      for (const path of ['/fed_enablement', '/fed_enablement:read']) statuses.push((await asked(path, who)).status);
    expect(statuses).toEqual([200, 200, 403, 200]);
  });
});

describe('a caller', () => {
  const federation = Federation.parse({
    operator: { id: 'operator-a', name: 'Operator A', country: 'DE', mcc: '262', mncs: ['01'] },
    url: 'https://fm.a.example',
    issuers: {
      own: { issuer: 'https://auth.a.example', audience: 'ferry' },
      other: { issuer: 'https://other.a.example', audience: 'ferry' },
    },
    partners: {
      b: {
        operator: 'operator-b',
        url: 'https://fm.b.example',
        client: { issuer: 'https://auth.b.example', id: 'a', secret: { env: 'X' } },
        accepts: { issuer: 'own', client: 'client-b' },
      },
    },
  });
  const callers = callersOf({ federation, systems: { cellular: { meo: 'm', network: 'n', client: 'meo-1' } } });
  const caller = (issuer: string, client: string) => ({ issuer, client, scopes: [] });

  it('is a partner at the issuer at which that is accepted, and nowhere else', () => {
    expect(callers.partner(caller('own', 'client-b'))).toBe('b');
    expect(callers.partner(caller('other', 'client-b'))).toBeUndefined();
    expect(callers.partner(caller('own', 'meo-1'))).toBeUndefined();
  });

  it('is a system, where it is the client of its MEO', () => {
    expect(callers.system(caller('own', 'meo-1'))).toBe('cellular');
    expect(callers.system(caller('own', 'client-b'))).toBeUndefined();
  });
});
