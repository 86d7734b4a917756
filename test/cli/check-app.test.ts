import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Pair, pair } from '../support/checked.ts';
import { faultyServer } from '../support/faulty-server.ts';
import { ferry } from './fake-api.ts';

const url = (one: Pair['S']): string => one.url.href;

describe('ferry check-app, of an application that keeps the contract,', () => {
  let running: Pair;
  beforeEach(async () => {
    running = await pair();
  });
  afterEach(async () => await running.close());

  it('tells for each rule whether it is kept, and what it would take to try the others', async () => {
    const { exit, out } = await ferry('check-app', url(running.S));
    expect(exit).toBe(0);
    expect(out).toMatch(/^S {2}http:.* {2}c-1, the authority$/m);
    expect(out).toMatch(/^held +What was settled as kept is kept for ever +in part: needs a second instance$/m);
    expect(out).toMatch(/^not tried +Only the source decides +needs a second instance$/m);
    expect(out).toMatch(/^not tried +A write is accepted exactly once, in whatever order +needs --write/m);
    expect(out).toMatch(/^\d+ held, \d+ not tried\. S lists \d+ users of the checker's own .*; nothing is promised/m);
  });

  it('leaves it as it was, but for users of its own', async () => {
    const before = running.S.instance.state.relocations.size;
    await ferry('check-app', url(running.S));
    const { users, relocations } = running.S.instance.state;
    expect(before).toBe(0);
    expect([...relocations.values()].filter(({ phase }) => phase === 'promised' || phase === 'receiving')).toEqual([]);
    const others = [...users.keys()].filter((user) => user !== '*' && !user.startsWith('ferry-check-'));
    expect(others).toEqual([]);
    expect(users.get('*')).toMatchObject({ role: 'authority', epoch: 1 });
  });

  it('is one document with --json', async () => {
    const { exit, out, err } = await ferry('check-app', '--json', url(running.S));
    expect([exit, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({
      instances: [{ as: 'S', instance: 'c-1' }],
      findings: expect.arrayContaining([expect.objectContaining({ rule: 'tombstone', verdict: 'held' })]) as object,
      left: [],
    });
  });

  it('begins with an authority, and no other', async () => {
    const standby = await ferry('check-app', url(running.T));
    expect(standby.exit).toBe(3);
    expect(standby.out).toMatch(/\(127\.[\d.:]+: standby\): have one begin as the first.*POST \/provider\/found/);
    await running.T.instance.call({ kind: 'found', users: {} });
    const both = await ferry('check-app', url(running.S), url(running.T));
    expect([both.exit, both.out]).toEqual([3, expect.stringContaining('have one begin as a standby')]);
  });

  it('touches none that serves users, unless it is told to', async () => {
    await running.write('127.0.0.1', 'ue-1', 1);
    const refused = await ferry('check-app', url(running.S));
    expect([refused.exit, refused.out]).toEqual([3, expect.stringMatching(/serves 1 users.*--anyway/)]);
    expect(running.S.instance.state.users.size).toBe(2);
    const { exit } = await ferry('check-app', url(running.S), '--anyway');
    expect(exit).toBe(0);
    expect(running.S.instance.state.users.get('ue-1')).toMatchObject({ role: 'authority', accepted: [[1, 1]] });
  });
});

it('says by what it saw that a write is accepted once', async () => {
  const running = await pair();
  const write = `curl -sf -o /dev/null "$FERRY_HOST:${running.S.clientPort}/users/$FERRY_USER/writes" -d "{\\"number\\":$FERRY_NUMBER}"`;
  const { out } = await ferry('check-app', url(running.S), '--write', write);
  expect(out).toMatch(
    /^held +A write is accepted exactly once, in whatever order +seen by the count in `state`; in part: needs a second/m,
  );
  await running.close();
});

it('tells the command that writes the host as a URI has it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-written-'));
  const running = await pair({}, ['::ffff:127.0.0.1', '::ffff:127.0.0.2']);
  await ferry('check-app', url(running.S), '--write', `echo $FERRY_HOST > ${join(folder, 'host')}; false`);
  await running.close();
  expect(readFileSync(join(folder, 'host'), 'utf8')).toBe('[::ffff:7f00:1]\n');
  rmSync(folder, { recursive: true });
});

it('shows the shortest way in which a rule is broken, what is demanded, and where', async () => {
  const running = await pair({ rules: { refusesCopies: () => false } });
  const { exit, out } = await ferry('check-app', url(running.S));
  await running.close();
  expect(exit).toBe(1);
  expect(out).toMatch(/^broken +`copy` and `prepare` are refused by an authority/m);
  expect(out).toContain(`
\`copy\` and \`prepare\` are refused by an authority
  who        asked or told                          what came of it
  Ferry → S  copy, empty: T is the source of u (r)  204
  demanded: 409 "Authority": S serves him
  "\`copy\` and \`prepare\` are refused by an authority." (docs/application-contract.md#rules)
`);
});

it('ends with 4 where nobody answers, or nobody who takes its token', async () => {
  const peer = await faultyServer(() => ({ status: 401, json: { type: 'about:blank', title: 'Unauthorized' } }));
  process.env['CHECKED_TOKEN'] = 'a-token';
  try {
    const refused = await ferry('check-app', peer.url, '--token-env', 'CHECKED_TOKEN');
    expect([refused.exit, refused.out]).toEqual([4, expect.stringContaining('--token-env')]);
    expect(peer.heard[0]?.headers.authorization).toBe('Bearer a-token');
    expect(refused.out).not.toContain('a-token');
  } finally {
    delete process.env['CHECKED_TOKEN'];
    await peer.close();
  }
  expect((await ferry('check-app', peer.url)).exit).toBe(4);
});

it('is told what it is to ask by urls of management endpoints', async () => {
  for (const wrong of ['counter', 'http://127.0.0.1:7001/relocation/v1', 'ftp://127.0.0.1'])
    expect(await ferry('check-app', wrong)).toMatchObject({ exit: 2, err: expect.stringContaining('A URL') as string });
  expect((await ferry('check-app', 'http://127.0.0.1:7001', '--certificate', 'x.pem')).exit).toBe(2);
});
