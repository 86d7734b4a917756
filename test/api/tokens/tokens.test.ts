import { createHmac } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpRefusal } from '../../../api/problem.ts';
import { Tokens } from '../../../doors/tokens/tokens.ts';
import { Issuer } from '../../support/issuer.ts';

let own: Issuer;
let tokens: Tokens;
beforeEach(async () => {
  own = await Issuer.start();
  tokens = new Tokens({ own: { issuer: own.url, audience: 'ferry', algorithms: ['ES256'] } }, { cooldownMs: 0 });
});
afterEach(async () => await own.stop());

const now = (): number => Math.floor(Date.now() / 1_000);
const refused = async (token: string): Promise<HttpRefusal> => {
  const error = await tokens.check(token).then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof HttpRefusal) return error;
  throw error;
};
const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const usual = () => ({ iss: own.url, aud: 'ferry', exp: now() + 60, client_id: 'client-b' });

describe('a token that is signed, for us, and valid', () => {
  it('is its client, at its issuer, with its scopes', async () => {
    const caller = await tokens.check(await own.token());
    expect(caller).toEqual({ issuer: 'own', client: 'client-b', scopes: ['fed-mgmt', 'mff'] });
  });

  it.each([
    ['client_id before azp and sub', { client_id: 'one', azp: 'two', sub: 'three' }, 'one'],
    ['azp before sub', { client_id: undefined, azp: 'two', sub: 'three' }, 'two'],
    ['sub, where there is nothing else', { client_id: undefined, sub: 'three' }, 'three'],
  ])('is told by %s', async (_what, claims, client) => {
    expect((await tokens.check(await own.token(claims))).client).toBe(client);
  });

  it.each([
    ['a list of scopes', { scope: ['mff', 'mpp'] }, ['mff', 'mpp']],
    ['scp', { scope: undefined, scp: 'mff' }, ['mff']],
    ['none', { scope: undefined }, []],
  ])('may have %s', async (_what, claims, scopes) => {
    expect((await tokens.check(await own.token(claims))).scopes).toEqual(scopes);
  });

  it.each(['JWT', 'jwt', 'at+JWT', 'application/at+jwt'])('may be of type %s', async (typ) => {
    await expect(tokens.check(await own.token({}, { typ }))).resolves.toMatchObject({ client: 'client-b' });
  });

  it('may be for several audiences, of which we are one', async () => {
    await expect(tokens.check(await own.token({ aud: ['x', 'ferry'] }))).resolves.toBeDefined();
  });

  it.each([
    ['ended a moment ago', { exp: -20 }],
    ['begins in a moment', { nbf: 20 }],
  ])('may be of a clock that is not ours: one that %s', async (_what, claims) => {
    const moved = Object.fromEntries(Object.entries(claims).map(([claim, seconds]) => [claim, now() + seconds]));
    await expect(tokens.check(await own.token(moved))).resolves.toBeDefined();
  });
});

describe('a token is refused with 401, and told why', () => {
  const bad: [string, () => string | Promise<string>, RegExp][] = [
    [
      'is signed by nobody',
      () => `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(usual())}.`,
      /algorithm|no signed/,
    ],
    ['says that it needs no signature', () => `${encoded({ alg: 'none' })}.${encoded(usual())}.AA`, /algorithm/],
    [
      'is signed with our public key as a secret',
      () => {
        const text = `${encoded({ alg: 'HS256', typ: 'JWT', kid: own.publicKey.kid })}.${encoded(usual())}`;
        const secret = JSON.stringify(own.publicKey);
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
      },
      /algorithm/,
    ],
    ['is for others', async () => await own.token({ aud: 'somebody' }), /claim aud/],
    ['is for nobody', async () => await own.token({ aud: undefined }), /claim aud/],
    ['is of another issuer', async () => await own.token({ iss: 'https://elsewhere.example' }), /another issuer/],
    ['is of no issuer', async () => await own.token({ iss: undefined }), /another issuer/],
    ['names an issuer that is no text', async () => await own.token({ iss: 7 }), /another issuer/],
    ['has expired', async () => await own.token({ exp: now() - 40 }), /has expired/],
    ['never expires', async () => await own.token({ exp: undefined }), /claim exp/],
    ['is not valid yet', async () => await own.token({ nbf: now() + 60 }), /not valid yet/],
    ['is for signing in', async () => await own.token({}, { typ: 'id_token' }), /no access token/],
    ['says nothing of its type', async () => await own.token({}, { typ: undefined }), /no access token/],
    ['names no client', async () => await own.token({ client_id: undefined }), /no client/],
    ['names a client that is no text', async () => await own.token({ client_id: { a: 1 } }), /no client/],
    [
      'was changed',
      async () => (await own.token()).replace(/\..*\./, `.${encoded({ ...usual(), admin: 1 })}.`),
      /not right/,
    ],
    [
      'has other rules to be read by',
      () => `${encoded({ alg: 'ES256', crit: ['x'], x: 1 })}.${encoded(usual())}.AA`,
      /no signed JWT/,
    ],
    ['is no JWT', () => 'opaque', /no signed JWT/],
    ['is empty inside', () => '..', /no signed JWT/],
    ['is no JSON', () => `${encoded({ alg: 'ES256' })}.bm8.AA`, /no signed JWT/],
    [
      'is signed by a key of its own, which it brings along',
      async () => {
        const { publicKey, privateKey } = await generateKeyPair('ES256');
        const jwk = await exportJWK(publicKey);
        return await new SignJWT(usual())
          .setProtectedHeader({ alg: 'ES256', typ: 'JWT', jwk, kid: 'mine' })
          .sign(privateKey);
      },
      /unknown key/,
    ],
  ];
  it.each(bad)('where it %s', async (_what, make, why) => {
    const { status, message, headers } = await refused(await make());
    expect({ status, message }).toEqual({ status: 401, message: expect.stringMatching(why) as string });
    expect(headers['www-authenticate']).toMatch(/^Bearer error="invalid_token", error_description="[^"]+"$/);
    expect(tokens.size).toBe(0);
  });
});

describe('the keys of an issuer', () => {
  it('are asked for once, by a hundred who come at the same time', async () => {
    const many = await Promise.all(Array.from({ length: 100 }, async (_, nth) => await own.token({ jti: `${nth}` })));
    await Promise.all(many.map(async (one) => await tokens.check(one)));
    expect(own.asked).toBe(1);
  });

  it('are asked for again when a token is signed by one that is not known yet', async () => {
    await tokens.check(await own.token());
    await own.rotate();
    await expect(tokens.check(await own.token())).resolves.toBeDefined();
    expect(own.asked).toBe(2);
  });

  it('are not asked for again and again by who invents them', async () => {
    const patient = new Tokens({ own: { issuer: own.url, audience: 'ferry', algorithms: ['ES256'] } });
    await patient.check(await own.token());
    for (let nth = 0; nth < 20; nth += 1)
      await expect(patient.check(await own.token({}, { kid: `invented-${nth}` }))).rejects.toMatchObject({
        status: 401,
      });
    expect(own.asked).toBe(2);
  });

  it('that are rotated in the midst of a hundred who come are read once more, however lately they were', async () => {
    const patient = new Tokens({ own: { issuer: own.url, audience: 'ferry', algorithms: ['ES256'] } });
    const hundred = async (): Promise<string[]> =>
      await Promise.all(Array.from({ length: 100 }, async (_, nth) => await own.token({ jti: `${nth}` })));
    const [before, late] = [await hundred(), await own.token({ jti: 'late' })];
    await Promise.all(before.map(async (one) => await patient.check(one)));
    await own.rotate();
    const all = [...(await hundred()), ...before];
    await expect(Promise.all(all.map(async (one) => await patient.check(one)))).resolves.toHaveLength(200);
    await expect(patient.check(late)).rejects.toMatchObject({ status: 401 });
    expect(own.asked).toBe(2);
  });

  it('that are away are no fault of the token: 503, and later it is taken', async () => {
    own.away = 500;
    const token = await own.token();
    const { status, headers, message } = await refused(token);
    expect(status).toBe(503);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(message).not.toMatch(/127|http/);
    own.away = undefined;
    await expect(tokens.check(token)).resolves.toBeDefined();
  });

  it('are not read where the metadata is of another issuer: who gives tokens for that one is not ours', async () => {
    const issuer = own.url.replace('127.0.0.1', 'localhost');
    const other = new Tokens({ own: { issuer, audience: 'ferry', algorithms: ['ES256'] } });
    await expect(other.check(await own.token({ iss: issuer }))).rejects.toMatchObject({
      status: 503,
      cause: { message: expect.stringMatching(/ is of http:\/\/127\.0\.0\.1:\d+$/) as string },
    });
    expect(own.asked).toBe(0);
  });

  it('that do not come are waited for a few seconds: 503', async () => {
    own.away = 'silent';
    expect((await refused(await own.token())).status).toBe(503);
  });

  it('that were rotated while they are away: 503, as often as somebody asks; and then at once again', async () => {
    const patient = new Tokens({ own: { issuer: own.url, audience: 'ferry', algorithms: ['ES256'] } });
    await patient.check(await own.token());
    await own.rotate();
    own.away = 404;
    const late = await own.token();
    for (let nth = 0; nth < 2; nth += 1) await expect(patient.check(late)).rejects.toMatchObject({ status: 503 });
    own.away = undefined;
    await expect(patient.check(late)).resolves.toBeDefined();
  });
});

describe('a checked token', () => {
  it('is remembered, and costs nothing then', async () => {
    const token = await own.token();
    const caller = await tokens.check(token);
    own.away = 500;
    expect(await tokens.check(token)).toBe(caller);
    expect(tokens.known(token)).toBe(caller);
  });

  it('is not remembered beyond its end', async () => {
    const token = await own.token({ exp: now() - 5 }); // within the leeway
    await tokens.check(token);
    expect(tokens.size).toBe(0);
  });

  it('is one of so many at most, of which the oldest is forgotten', async () => {
    const few = new Tokens({ own: { issuer: own.url, audience: 'ferry', algorithms: ['ES256'] } }, { atMost: 3 });
    const many = await Promise.all(Array.from({ length: 5 }, async (_, nth) => await own.token({ jti: `${nth}` })));
    for (const one of many) await few.check(one);
    expect(few.size).toBe(3);
    expect(many.map((one) => few.known(one) !== undefined)).toEqual([false, false, true, true, true]);
  });
});
