import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issuersOf } from '../../sandbox/issuers/clients.ts';
import { type Issuers, startIssuers } from '../../sandbox/issuers/issuers.ts';
import { secretFile } from '../../sandbox/issuers/secrets.ts';
import { ask } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';

const { net: NET } = await claimNetwork();
const folder = mkdtempSync(join(tmpdir(), 'ferry-issuers-'));
const [a, b] = issuersOf(NET, false);
if (a === undefined || b === undefined) throw new Error('two operators');

let issuers: Issuers;

beforeAll(async () => {
  issuers = await startIssuers(NET, folder);
});
afterAll(async () => {
  await issuers.close();
  rmSync(folder, { recursive: true, force: true });
});

const secretOf = (operator: string, client: string): string =>
  readFileSync(secretFile(folder, operator, client), 'utf8');

async function tokenOf(url: string, client: string, secret: string, scope: string) {
  const answer = await fetch(`${url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  });
  const body = (await answer.json()) as { access_token: string; expires_in: number; error?: string };
  return { status: answer.status, ...body };
}

describe('an authorization server', () => {
  it('gives a partner a signed token for this operator, for ten seconds', async () => {
    const { access_token: token, expires_in } = await tokenOf(
      a.url,
      'operator-b',
      secretOf('a', 'operator-b'),
      'fed-mgmt mff',
    );
    expect(expires_in).toBe(10);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${a.url}/jwks`)), {
      issuer: a.url,
      audience: 'urn:ferry:operator-a',
      algorithms: ['ES256'],
    });
    expect(payload).toMatchObject({ sub: 'operator-b', client_id: 'operator-b', scope: 'fed-mgmt mff' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(10);
  });

  it('describes itself where RFC 8414 and OpenID Connect look for it', async () => {
    for (const path of ['oauth-authorization-server', 'openid-configuration'])
      expect((await ask('GET', `${b.url}/.well-known/${path}`)).body).toMatchObject({
        issuer: b.url,
        token_endpoint: `${b.url}/token`,
        jwks_uri: `${b.url}/jwks`,
      });
  });

  it.each([
    ['a partner of the other operator', 'operator-a', 'operator-a'],
    ['a secret that is somebody else’s', 'operator-b', 'meo-wifi'],
  ])('refuses %s', async (_, client, whose) => {
    const secret = whose === 'operator-a' ? secretOf('b', whose) : secretOf('a', whose);
    expect(await tokenOf(a.url, client, secret, 'mff')).toMatchObject({ status: 401, error: 'invalid_client' });
  });

  it('gives an orchestrator nothing of what partners may do', async () => {
    const { access_token: token } = await tokenOf(a.url, 'meo-wifi', secretOf('a', 'meo-wifi'), 'fed_enablement');
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      scope: 'fed_enablement',
    });
    expect((await tokenOf(a.url, 'meo-wifi', secretOf('a', 'meo-wifi'), 'mff')).status).toBe(400);
  });

  it('keeps secrets where only their owner reads them', () => {
    expect(statSync(secretFile(folder, 'a', 'operator-b')).mode & 0o777).toBe(0o600);
  });
});

describe('control over them', () => {
  const rotated = async (body?: object) =>
    (await ask('POST', `${issuers.url}/issuer-b/clients/operator-a/secret`, body)).status;

  it('gives a client a new secret, which alone is taken from then on', async () => {
    const former = secretOf('b', 'operator-a');
    expect(await rotated()).toBe(204);
    expect((await tokenOf(b.url, 'operator-a', former, 'mff')).status).toBe(401);
    expect((await tokenOf(b.url, 'operator-a', secretOf('b', 'operator-a'), 'mff')).status).toBe(200);
  });

  it('keeps the new secret from the client where that is ordered', async () => {
    expect(await rotated({ told: false })).toBe(204);
    expect((await tokenOf(b.url, 'operator-a', secretOf('b', 'operator-a'), 'mff')).status).toBe(401);
  });

  it('says which issuers and clients there are', async () => {
    expect((await ask('POST', `${issuers.url}/issuer-x/clients/operator-a/secret`)).status).toBe(404);
    expect((await ask('POST', `${issuers.url}/issuer-b/clients/nobody/secret`)).status).toBe(404);
    const { body } = await ask<object>('GET', `${issuers.url}/state`);
    expect(Object.keys(body)).toEqual(['issuer-a', 'issuer-b']);
  });

  it('takes an issuer down and up again', async () => {
    const reset = { peer: 'issuer-a', operation: 'POST /token', kind: 'reset' };
    expect((await ask('POST', `${issuers.url}/faults`, reset)).status).toBe(201);
    await expect(tokenOf(a.url, 'operator-b', 'any', 'mff')).rejects.toThrow('fetch failed');
    await ask('DELETE', `${issuers.url}/faults`);
    expect((await tokenOf(a.url, 'operator-b', secretOf('a', 'operator-b'), 'mff')).status).toBe(200);
    const { body } = await ask<{ path: string; fault: string | null }[]>('GET', `${issuers.url}/log`);
    expect(body.map(({ path, fault }) => `${path} ${fault}`)).toContain('/token reset');
  });
});
