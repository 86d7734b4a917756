import { expect, it } from 'vitest';
import type { DiscoveryFound } from '../../../api/discovery.ts';
import { comes, joined, use } from '../../support/joined.ts';
import { mostOf } from '../../support/memory.ts';
import { pair } from '../../support/joined-pair.ts';
import { type Operator, urlOf } from '../../support/pair.ts';
import type { Logged } from '../../support/stage.ts';
import { leaks } from '../../support/told-outside.ts';

/** A looks for what B has, and everything that crosses is counted and read. */

/** Of the sandbox's operators. */
const MISS_SECONDS = 1;
/** In MiB: what Temporal's server and the database need more for one more operator, generously. */
const NAMESPACE = 60;
/** Between two questions to an orchestrator. */
const LOOK_SECONDS = 5;

interface Own {
  readonly id: string;
  readonly platform: string;
  readonly endpoint: string;
}

/** What B's orchestrator has told B of the service, and nobody else is told. */
const speechOfB = async (): Promise<Own[]> =>
  await pair.rows<Own>(
    pair.b,
    `select id::text, platform::text, endpoint from offer
     where agreement is null and name = 'speech' and state = 'ACTIVE' and coalesce(valid_until > now(), true)`,
  );

async function discover(operator: Operator, query: object, waitSeconds = 10): Promise<DiscoveryFound> {
  // A machine that has too much to do says so, and is asked again
  const answer = await comes(
    async () =>
      await fetch(`${urlOf(operator)}/v1/discoveries?waitSeconds=${waitSeconds}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(query),
      }),
    ({ status }) => status !== 503,
  );
  expect([200, 202]).toContain(answer.status);
  return (await answer.json()) as DiscoveryFound;
}

const service = (name: string) => ({ find: 'platforms', wish: { what: { kind: 'service', name } } });

/** Questions that crossed to B since. */
const questions = (since: number): string[] =>
  pair.border.crossings
    .slice(since)
    .flatMap(({ to, path }) =>
      to === 'operator-b' && path.endsWith('-queries') ? [path.split('/').at(-1) ?? ''] : [],
    );

/** How often B's orchestrator was asked what it has. */
const askedOfMeo = async (): Promise<number> =>
  ((await pair.sandbox('/log?since=0')) as Logged[]).filter(
    ({ peer, path }) => peer === 'meo-metro' && path.endsWith('/platform-queries'),
  ).length;

/** Before anything else was asked. */
export function finding(): void {
  it('finds what B offers by one message, and then knows it', async () => {
    await comes(speechOfB, (own) => own.length === 1);
    const since = pair.border.crossings.length;
    const found = await discover(pair.a, service('speech'));
    expect(found).toMatchObject({
      state: 'ended',
      complete: true,
      asked: [{ partner: 'operator-b', said: 'answered', found: 1 }],
      platforms: [{ operator: 'operator-b', partner: 'operator-b', systemName: 'metro', offers: [{ name: 'speech' }] }],
    });
    expect(await discover(pair.a, service('speech'))).toMatchObject({ id: null, platforms: found.platforms });
    expect(questions(since)).toEqual(['platform-queries']);
  });

  it('finds B’s system by its service (TYPE-1), and that again by its id (TYPE-3) without a message', async () => {
    const since = pair.border.crossings.length;
    const { systems } = await discover(pair.a, { find: 'systems', by: { service: 'speech' } });
    expect(systems).toMatchObject([{ name: 'metro', partner: 'operator-b' }]);
    const known = await discover(pair.a, { find: 'systems', by: { system: systems[0]?.system } });
    expect(known).toMatchObject({ id: null, systems });
    expect(questions(since)).toEqual(['system-queries']);
  });

  it('by two hundred at once asks B for what nobody has no oftener than a miss is remembered', async () => {
    const since = pair.border.crossings.length;
    const before = await askedOfMeo();
    const begun = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => await discover(pair.a, service('nobody-has-it'))),
    );
    expect(
      answers.filter(({ state, platforms, complete }) => state === 'ended' && platforms.length === 0 && complete),
    ).toHaveLength(200);
    const tookMs = performance.now() - begun;
    expect(questions(since).length).toBeLessThanOrEqual(1 + tookMs / (MISS_SECONDS * 1_000));
    // And B its orchestrator, who is asked once in a while, whatever is looked for
    const ofMeo = (await askedOfMeo()) - before;
    expect(ofMeo).toBeGreaterThan(0);
    expect(ofMeo).toBeLessThanOrEqual(1 + tookMs / (LOOK_SECONDS * 1_000));
  });

  it('is told at once when B does not want to answer, and forgets what B told', async () => {
    expect((await pair.ask(pair.b, '/v1/federations/operator-a/suspend?direction=serves', 'POST')).status).toBe(200);
    const found = await discover(pair.a, service('radio'));
    // B refuses it; or A has heard of it before
    expect([['refused'], []]).toContainEqual(found.asked.map(({ said }) => said));
    await comes(
      async () => await use(pair, pair.a),
      (ours) => ours?.theirs === 'suspended',
    );
    expect((await discover(pair.a, service('speech'))).platforms).toEqual([]);
    expect((await pair.ask(pair.b, '/v1/federations/operator-a/resume?direction=serves', 'POST')).status).toBe(200);
    await joined(pair);
    expect((await discover(pair.a, service('speech'))).platforms).toHaveLength(1);
  });

  it('has told, and was told, nothing of the inside', async () => {
    expect(await leaks(pair, pair.a)).toEqual([]);
    expect(await leaks(pair, pair.b)).toEqual([]);
    const said = pair.border.crossings.map(({ path, asked, answered }) => `${path} ${asked} ${answered}`).join('\n');
    const [own] = await speechOfB();
    expect(own).toBeDefined();
    for (const inside of Object.values(own ?? {})) expect(said).not.toContain(inside);
  });

  it('has asked B for an agreement once, as B has asked A, whatever was asked since', () => {
    const joinings = pair.border.crossings.filter(
      ({ method, path, status, heard }) =>
        // What was not answered in time is asked again, and is the same
        `${method} ${path}` === 'POST /operatorplatform/federation/v1/partner' && status === 200 && heard,
    );
    expect(joinings.map(({ to }) => to).toSorted()).toEqual(['operator-a', 'operator-b']);
  });

  it('fits with its API, worker and gateway in 700 MB, and so does B', () => {
    for (const { name, api, worker, gateway } of [pair.a, pair.b]) {
      const [ofApi, ofWorker, ofGateway] = [api, worker, gateway].map(({ pid }) => Math.round(mostOf(pid)));
      const sum = (ofApi ?? 0) + (ofWorker ?? 0) + (ofGateway ?? 0);
      process.stdout.write(`${name}: API ${ofApi}, worker ${ofWorker}, gateway ${ofGateway} MiB at most.\n`);
      expect(sum).toBeGreaterThan(100); // by the same look what is needed is found
      expect(sum).toBeLessThan(700 - NAMESPACE);
    }
  });

  it('has a line for each question, as B has for each answer', async () => {
    const lines = async (operator: Operator, kind: string) =>
      await pair.rows<{ key: string; what: object }>(
        operator,
        `select key, what from ledger where kind = '${kind}' and outcome <> 'refused' order by key`,
      );
    const [asked, answered] = [await lines(pair.a, 'asked'), await lines(pair.b, 'answered')];
    expect(asked.length).toBeGreaterThan(3);
    expect(asked).toEqual(answered);
  });
}
