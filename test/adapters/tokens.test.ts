import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exchange } from '../../adapters/http.ts';
import { Tokens } from '../../adapters/oauth/tokens.ts';
import { ewbiPartner } from '../../adapters/ewbi/partner.ts';
import { mffPartner } from '../../adapters/mff/partner.ts';
import type { DialectName } from '../../adapters/ewbi/dialects.ts';
import { PlayedPartner, SECRET } from '../support/played-partner.ts';

const EWBI = '/operatorplatform/federation/v1';
const log = pino({ level: 'silent' });
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

let partner: PlayedPartner;
beforeEach(async () => {
  process.env['TEST_SECRET_OF_TOKENS'] = SECRET;
  partner = await PlayedPartner.start();
});
afterEach(async () => await partner.server.close());

const tokensOf = (hosts?: readonly string[]): Tokens =>
  new Tokens(
    {
      name: 'b',
      issuer: partner.url,
      id: 'ferry-a',
      secret: { env: 'TEST_SECRET_OF_TOKENS' },
      scopes: ['fed-mgmt', 'mff'],
      insecure: true,
      timeoutMs: 5_000,
      ...(hosts !== undefined && { hosts }),
    },
    log,
  );

const granted = (): number => partner.count(/^POST \/token$/);

describe('tokens of a partner', () => {
  it('are asked for once, however many need one, and kept', async () => {
    const tokens = tokensOf();
    const all = await Promise.all(Array.from({ length: 20 }, async () => await tokens.authorization(soon())));
    expect(new Set(all)).toEqual(new Set([`Bearer ${partner.token}`]));
    await tokens.authorization(soon());
    expect(granted()).toBe(1);
  });

  it('are kept for four fifths of their life', async () => {
    partner.life = 1;
    const tokens = tokensOf();
    await tokens.authorization(soon());
    await new Promise((resume) => setTimeout(resume, 850));
    await tokens.authorization(soon());
    expect(granted()).toBe(2);
  });

  it('are asked for by others, where one who waits stops waiting', async () => {
    const tokens = tokensOf();
    const stop = new AbortController();
    const stopped = tokens.authorization(stop.signal);
    const other = tokens.authorization(soon());
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    await expect(other).resolves.toMatch(/^Bearer /);
    expect(granted()).toBe(1);
  });

  it('that are not given are told by the reason alone', async () => {
    process.env['TEST_SECRET_OF_TOKENS'] = 'wrong-secret';
    await expect(tokensOf().authorization(soon())).rejects.toMatchObject({
      type: 'PeerRejected',
      message: 'b, its authorization server refuses our client (invalid_client)',
    });
    delete process.env['TEST_SECRET_OF_TOKENS'];
    await expect(tokensOf().authorization(soon())).rejects.toMatchObject({
      type: 'PeerUnavailable',
      message: expect.stringContaining('environment variable TEST_SECRET_OF_TOKENS') as string,
    });
  });

  it('that are refused are replaced once, and the call is repeated once', async () => {
    partner.context = 'ctx-1';
    const exchange = new Exchange({ name: 'b', url: partner.url, timeoutMs: 5_000 }, log, tokensOf());
    const mff = mffPartner(exchange, { operator: 'operator-b' });
    await mff.relation('ctx-1', soon());
    partner.token = 'another';
    await expect(mff.relation('ctx-1', soon())).resolves.toMatchObject({ theirs: 'open' });
    expect(granted()).toBe(2);
    partner.before = ({ path }) => (path.startsWith('/mff') ? { status: 401 } : undefined);
    await expect(mff.relation('ctx-1', soon())).rejects.toMatchObject({
      type: 'PeerRejected',
      message: 'b: GET /mff/v1/{federationContextId} answered 401',
    });
    expect(granted()).toBe(3);
  });
});

it('of a partner are not asked for at a host that was not agreed upon: our secret would be shown to whomever it likes', async () => {
  const elsewhere = await PlayedPartner.start();
  partner.before = ({ path }) =>
    path.endsWith('/openid-configuration')
      ? { status: 200, json: { issuer: partner.url, token_endpoint: `${elsewhere.url}/token` } }
      : undefined;
  const { host } = new URL(elsewhere.url);
  await expect(tokensOf([]).authorization(soon())).rejects.toMatchObject({
    type: 'PeerMalformed',
    message: expect.stringMatching(/^b, its authorization server gives tokens at .*name it in "hosts" of the partner$/),
  });
  expect(elsewhere.server.heard).toEqual([]);
  await tokensOf([host]).authorization(soon());
  expect(elsewhere.count(/^POST \/token$/)).toBe(1);
  await elsewhere.server.close();
});

describe('a partner that has a federation with us already', () => {
  const join = async (dialect: DialectName) => {
    const us = { id: 'operator-a', country: 'DE', mcc: '262', mncs: ['01'], url: 'https://a.example' };
    const exchange = new Exchange({ name: 'b', url: partner.url, timeoutMs: 5_000 }, log, tokensOf());
    const means = { us, operator: 'operator-b', dialect, callbackCredentials: async () => undefined };
    return await ewbiPartner(exchange, means).join({ since: new Date(0), callbackKey: 'key' }, soon());
  };

  it('is asked for its context, where it is an OpenOP', async () => {
    partner.before = ({ method, path }) => {
      if (method === 'POST' && path === `${EWBI}/partner`) return { status: 409 };
      if (path === `${EWBI}/fed-context-id`) return { status: 200, json: { FederationContextId: 'ctx-9' } };
      if (path === `${EWBI}/ctx-9/partner`)
        return { status: 200, json: { offeredAvailabilityZones: [{ zoneId: 'z' }, { odd: true }] } };
      return undefined;
    };
    await expect(join('openop')).resolves.toMatchObject({ context: 'ctx-9', zones: [{ zone: 'z', at: null }] });
  });

  it('is told to have it ended, where it is a Katalis', async () => {
    partner.before = ({ path }) => (path === `${EWBI}/partner` ? { status: 409 } : undefined);
    await expect(join('katalis')).rejects.toMatchObject({
      type: 'NotFederated',
      message: expect.stringContaining('have its operator end that one') as string,
    });
  });

  it('is refused where it says to be another operator', async () => {
    partner.before = ({ path }) =>
      path === `${EWBI}/partner`
        ? { status: 200, json: { federationContextId: 'c', partnerOPFederationId: 'operator-x' } }
        : undefined;
    await expect(join('ferry')).rejects.toMatchObject({ type: 'PeerMalformed' });
  });
});
