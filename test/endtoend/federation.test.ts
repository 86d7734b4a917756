import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Relocation } from '../../api/resources.ts';
import { agreements, comes, type Contexts, joined, seenBy, shared, use } from '../support/joined.ts';
import { claimNetwork } from '../support/network.ts';
import { type Operator, Pair, urlOf } from '../support/pair.ts';
import type { Logged } from '../support/stage.ts';
import { atRest, crossed, leaks, secretsOf } from '../support/told-outside.ts';

/**
 * Two operators' Ferrys, from nothing: each joins the other, and both stay what they are while parts of them die. Peers and
 * authorization servers hear nobody without a certificate.
 */
const { net: NETWORK } = await claimNetwork();

let pair: Pair;
let contexts: Contexts;
/** Every secret that a client ever had. */
const secrets = new Set<string>();

beforeAll(async () => {
  pair = await Pair.set(NETWORK, { ownServers: true, mtls: true });
  for (const secret of secretsOf(pair)) secrets.add(secret);
}, 240_000);
afterEach(() => pair?.border.clear());
afterAll(async () => await pair?.strike());

const command = async (operator: Operator, name: string, direction: 'uses' | 'serves'): Promise<void> => {
  const path = `/v1/federations/${operator.partner}/${name}?direction=${direction}`;
  expect((await pair.ask(operator, path, 'POST')).status).toBe(200);
};

/** A asks B for its systems, as its worker would: the status of the answer. */
async function asksForSystems(): Promise<number> {
  const secret = readFileSync(join(pair.folder, 'secrets', 'issuer-b', 'operator-a'), 'utf8');
  const answer = await fetch(`http://127.${NETWORK}.0.52:8080/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`operator-a:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'fed-mgmt mff' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const { context } = (await use(pair, pair.a)) ?? {};
  const asked = await fetch(`http://127.${NETWORK}.50.1:8701/mff/v1/${context}/systems`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await asked.arrayBuffer();
  return asked.status;
}

/** What A asked of B, other than to look: `METHOD path`, ids left out. */
const effects = (since: number): string[] =>
  pair.border.crossings
    .slice(since)
    .filter(({ to, method, path }) => to === 'operator-b' && method !== 'GET' && !path.startsWith('/callbacks/'))
    .map(({ method, path }) => `${method} ${path.replaceAll(/\/[0-9a-f-]{36}/g, '/*')}`);

describe('two operators', () => {
  it('join each other from nothing, asking once, and see each other’s systems', async () => {
    contexts = await joined(pair);
    expect(effects(0).filter((effect) => effect.endsWith('/partner'))).toHaveLength(1);
  });

  it('are the same partners with another secret, and after their authorization server was away', async () => {
    await pair.sandbox('/issuers/issuer-b/clients/operator-a/secret', 'POST', {});
    for (const secret of secretsOf(pair)) secrets.add(secret);
    await pair.sandbox('/issuers/faults', 'POST', { peer: 'issuer-b', operation: 'POST /token', kind: 'reset' });
    await comes(
      async () => await use(pair, pair.a),
      (ours) => ours?.silent === true,
    );
    await pair.sandbox('/issuers/faults', 'DELETE');
    expect(await joined(pair)).toEqual(contexts);
  });

  it('are the same partners after one of them was away', async () => {
    await pair.b.api.kill();
    await comes(
      async () => await use(pair, pair.a),
      (ours) => ours?.silent === true,
    );
    await pair.startApi(pair.b);
    expect(await joined(pair)).toEqual(contexts);
  });
});

describe('a suspension', () => {
  it('by who serves is enforced at once, and lifted at once', async () => {
    expect(await asksForSystems()).toBe(200);
    await command(pair.b, 'suspend', 'serves');
    expect(await asksForSystems()).toBe(403);
    await comes(
      async () => ({ sees: await seenBy(pair, pair.a), theirs: (await use(pair, pair.a))?.theirs }),
      ({ sees, theirs }) => sees === '' && theirs === 'suspended',
    );
    await command(pair.b, 'resume', 'serves');
    expect(await asksForSystems()).toBe(200);
    expect(await joined(pair)).toEqual(contexts);
  });

  it('by who uses hides at once what was learned, and asks no more', async () => {
    await command(pair.a, 'suspend', 'uses');
    expect(await seenBy(pair, pair.a)).toBe('');
    expect(await seenBy(pair, pair.b)).toBe(shared['operator-a']);
    await command(pair.a, 'resume', 'uses');
    expect(await joined(pair)).toEqual(contexts);
  });

  it('outlives leaving and joining again', async () => {
    await command(pair.b, 'suspend', 'serves');
    await command(pair.a, 'leave', 'uses');
    await comes(
      async () => [...(await agreements(pair, pair.a)), ...(await agreements(pair, pair.b))].map((one) => one.context),
      (held) => !held.includes(contexts.a),
    );
    await command(pair.a, 'join', 'uses');
    await comes(
      async () => await use(pair, pair.a),
      (ours) => ours !== undefined && ours.context !== null && ours.theirs === 'suspended',
    );
    expect(await seenBy(pair, pair.a)).toBe('');
    expect(await asksForSystems()).toBe(403);
    await command(pair.b, 'resume', 'serves');
    const { a, b } = await joined(pair);
    expect(a).not.toBe(contexts.a);
    expect(b).toBe(contexts.b);
  });
});

describe('joining', () => {
  /** A leaves, and both have forgotten it. */
  async function left(): Promise<void> {
    await command(pair.a, 'leave', 'uses');
    await comes(
      async () => [await agreements(pair, pair.a), await agreements(pair, pair.b)],
      (held) => held.every((one) => one.length === 1),
    );
  }

  /** How often it has begun, and has ended, as the ledger of one side tells. */
  const joinings = async (operator: Operator, role: string) =>
    await pair.rows(
      operator,
      `select kind, count(*) from ledger where role = $1 and kind in ('joined', 'left') group by kind order by kind`,
      [role],
    );

  const victims: Readonly<Record<string, () => Promise<void>>> = {
    'a worker': async () => {
      await pair.a.worker.kill();
      await pair.startWorker(pair.a);
    },
    'our API and gateway': async () => {
      await Promise.all([pair.a.api.kill(), pair.a.gateway.kill()]);
      await Promise.all([pair.startApi(pair.a), pair.startGateway(pair.a)]);
    },
    'all of the partner': async () => {
      await Promise.all([pair.b.api.kill(), pair.b.worker.kill(), pair.b.gateway.kill()]);
      await Promise.all([pair.startApi(pair.b), pair.startWorker(pair.b), pair.startGateway(pair.b)]);
    },
    Temporal: async () => {
      await pair.killTemporal();
      await pair.startTemporalAgain();
    },
    PostgreSQL: async () => {
      await pair.killPostgres();
      await pair.startPostgresAgain();
    },
  };

  let found: readonly string[];
  it('has these effects', async () => {
    await left();
    const since = pair.border.crossings.length;
    await command(pair.a, 'join', 'uses');
    await joined(pair);
    found = effects(since);
    expect(found).toEqual([
      'POST /operatorplatform/federation/v1/partner',
      'POST /operatorplatform/federation/v1/*/zones',
    ]);
  });

  for (const nth of [0, 1])
    it.each(Object.keys(victims))(
      `is done once, whatever becomes of %s at effect ${nth + 1}`,
      async (victim) => {
        await left();
        const [operation = '', peer] = [found[nth], 'operator-b'];
        const fault = pair.border.fault({ peer, operation, nth: 1, times: 1, kind: 'hold', when: 'executed' });
        await command(pair.a, 'join', 'uses');
        await comes(
          async () => fault.held,
          (held) => held === 1,
        );
        await victims[victim]?.();
        pair.border.clear();
        expect((await joined(pair)).b).toBe(contexts.b); // the other direction has gone on
        expect(await joinings(pair.a, 'asked')).toEqual(await joinings(pair.b, 'served'));
      },
      300_000,
    );
});

describe('peers that ask who calls', () => {
  /** Of the application's users, by A's API. */
  async function moved(source: string, target: string): Promise<string> {
    const asked = await fetch(`${urlOf(pair.a)}/v1/relocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ application: 'counter', source, target }),
    });
    const { id } = (await asked.json()) as Relocation;
    const ended = await comes(
      async () => (await pair.ask(pair.a, `/v1/relocations/${id}`)).body as Relocation,
      ({ outcome, state }) => outcome !== null || state === 'parked',
    );
    return ended.outcome ?? JSON.stringify(ended);
  }

  const secretOf = async (client: string, told: boolean): Promise<unknown> =>
    await pair.sandbox(`/issuers/issuer-a/clients/${client}/secret`, 'POST', { told });

  const problems = async (): Promise<string> => {
    const { body } = await pair.ask(pair.a, '/v1/peers');
    return JSON.stringify(body);
  };

  it('hear a client of their operator’s authorization server, by whatever secret, and nobody else', async () => {
    await pair.sandbox('/quirks', 'POST', { peer: '*', quirk: 'asksWhoCalls' });
    const stranger = await fetch(`http://127.${NETWORK}.2.1:8080/app_lcm/v2/app_instances`);
    expect([stranger.status, stranger.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await moved('cloud', 'a1')).toBe('relocated');
    await secretOf('ferry', true);
    expect(await moved('a1', 'cloud')).toBe('relocated');
  }, 300_000);

  it('are asked by our certificate as well, and so is whoever gives the token, which is good with it alone', async () => {
    const called = async (part: string, of: RegExp) =>
      ((await pair.sandbox(`${part}/log?since=0`)) as Logged[]).filter(({ peer }) => of.test(peer));
    const asked = await called('/issuers', /^issuer-/);
    const tokens = asked.filter(({ path }) => path === '/token').map(({ peer, by }) => `${peer} ${by}`);
    // Whoever belongs to the world asks without: its MEOs, and this test
    expect([...new Set(tokens)].toSorted()).toEqual([
      'issuer-a operator-a',
      'issuer-a operator-b',
      'issuer-a undefined',
      'issuer-b operator-a',
      'issuer-b operator-b',
      'issuer-b undefined',
    ]);
    const keys = asked.filter(({ path, by }) => path === '/jwks' && by !== undefined);
    expect(new Set(keys.map(({ peer, by }) => `${peer} ${by}`))).toEqual(
      new Set(['issuer-a operator-a', 'issuer-b operator-b']),
    );
    await fetch(`${urlOf(pair.a)}/v1/discoveries?waitSeconds=10`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ find: 'platforms', wish: { what: { kind: 'service', name: 'nobody-has-it' } } }),
    });
    const told = (await called('', /^meo-cellular$/)).filter(({ path }) => path.includes('/mfm/'));
    expect(told.filter(({ by, status }) => by !== 'operator-a' || status === 401)).toEqual([]);
    expect(told.length).toBeGreaterThan(0);
    const secret = readFileSync(join(pair.folder, 'secrets', 'issuer-a', 'ferry'), 'utf8');
    const unbound = await fetch(`http://127.${NETWORK}.0.51:8080/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`ferry:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'mec' }),
    });
    expect(unbound.status).toBe(400);
  });

  it('that do not hear us any more are told as such, and with what is to be done', async () => {
    await secretOf('ferry', false);
    const refused = `authorization server 127.${NETWORK}.0.51:8443 refuses our client (invalid_client)`;
    expect(await comes(problems, (told) => told.includes('refuses our client'))).toContain(refused);
    await secretOf('ferry', true);
    expect(await comes(problems, (told) => !told.includes('refuses our client'))).toContain('platform-a1');
    for (const secret of secretsOf(pair)) secrets.add(secret);
  }, 300_000);
});

describe('what is told outside', () => {
  it('names no host, address, id or name of the inside', async () => {
    // By the same search what may be told is found
    for (const name of ['metro', 'wifi', 'operator-a']) expect(`${name} ${crossed(pair, name)}`).toBe(`${name} true`);
    for (const operator of [pair.a, pair.b]) expect(await leaks(pair, operator)).toEqual([]);
  });

  it('is nowhere kept with a secret or a token', async () => {
    const kept = await atRest(pair);
    for (const { database, environment } of [pair.a, pair.b])
      secrets.add(new URL(database).password).add(String(environment['FERRY_SECRET']));
    expect(secrets.size).toBeGreaterThan(30); // of clients, and of everybody's certificate and key
    // By the same search what may be kept is found
    for (const [where, text] of kept.filter(([name]) => !name.startsWith('gateway'))) // nothing has passed one
      expect(`${where} ${text.includes('operator-')}`).toBe(`${where} true`);
    for (const [where, text] of kept) {
      for (const secret of secrets) expect(`${where} ${text.includes(secret)}`).toBe(`${where} false`);
      expect(`${where} ${text.match(/eyJ[\w-]{10,}\.eyJ[\w-]{10,}/)?.[0]}`).toBe(`${where} undefined`);
    }
    // Who knows the end of a link pokes: it is in the catalogue alone
    for (const operator of [pair.a, pair.b])
      for (const { key } of await pair.rows<{ key: string }>(operator, 'select callback_key as key from agreement'))
        expect(kept.filter(([where, text]) => !where.startsWith('database') && text.includes(key))).toEqual([]);
  });
});
