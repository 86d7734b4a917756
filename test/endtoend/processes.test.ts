import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PeerList, Relocation, RelocationList } from '../../api/resources.ts';
import { FerryClient } from '../../cli/client.ts';
import { shortId } from '../../cli/hints.ts';
import type { Addresses } from '../../cli/house.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { busy } from '../support/busy.ts';
import { eventually } from '../support/eventually.ts';
import { boundIn, claimNetwork, type ClaimedNetwork, portsOf } from '../support/network.ts';
import { isFree, Up } from '../support/up.ts';

/** `ferry up` as processes: whatever ends it, nothing is left; whatever is started again knows what was. */
let claimed: ClaimedNetwork;
let net: number;
let data: string;
let port: number;
const started: Up[] = [];

async function aPlace(): Promise<void> {
  claimed = await claimNetwork();
  net = claimed.net;
  data = mkdtempSync(join(tmpdir(), 'ferry-up-'));
  [port] = await portsOf(net);
}

async function left(): Promise<void> {
  for (const one of started.splice(0)) await one.end();
  rmSync(data, { recursive: true, force: true });
  await claimed.release();
}

function up(...more: readonly string[]): Up {
  const one = new Up(['--net', String(net), '--port', String(port), '--data', data, ...more]);
  started.push(one);
  return one;
}

/** Every port of the addresses that it told. */
const ports = ({ api, temporal, temporalUi }: Addresses): number[] =>
  [api, `http://${temporal}`, temporalUi ?? api].map((url) => Number(new URL(url).port));

const nothingIsLeft = async (
  one: Up,
  { limitMs, used }: { limitMs: number; used: readonly number[] },
): Promise<void> => {
  await eventually(() => one.left.length === 0 && boundIn(net).length === 0, limitMs).catch(() => {
    throw new Error(`left: ${[...one.left, ...boundIn(net)].join('\n')}`);
  });
  expect(await isFree(`127.${net}.0.1`, 8080)).toBe(true);
  expect(await Promise.all(used.map(async (each) => await isFree('127.0.0.1', each)))).toEqual(used.map(() => true));
};

/** A worker that is another process. */
async function anotherPolls({ temporal: address }: Addresses, pid: number): Promise<boolean> {
  const connection = await Connection.connect({ address });
  try {
    const queue = { namespace: 'default', taskQueue: { name: 'ferry' }, taskQueueType: OF_WORKFLOWS };
    const { pollers } = await connection.workflowService.describeTaskQueue(queue);
    return pollers.some(({ identity }) => !identity?.startsWith(`${pid}@`));
  } finally {
    await connection.close();
  }
}
const OF_WORKFLOWS = 1;

async function processesOf({ sandbox }: Addresses): Promise<number[]> {
  const answer = await fetch(`${sandbox}/sandbox/processes`);
  return ((await answer.json()) as { pid: number }[]).map(({ pid }) => pid);
}

describe('one that is ended by force, or before it is ready,', () => {
  beforeEach(aPlace);
  afterEach(left);

  it('leaves no process of two operators, and no address bound, within ten seconds after SIGKILL', async () => {
    const one = up('--topology', 'pair', '--mtls');
    const addresses = await one.ready();
    const seen = (await (await fetch(`${addresses.api}/v1/peers`)).json()) as PeerList;
    // Whoever asks for certificates, and is not in reach, says so here
    expect(seen.peers.filter(({ reachable }) => !reachable)).toEqual([]);
    const { peers } = (await (await fetch(`${addresses.sandbox}/sandbox/configuration`)).json()) as Configuration;
    expect(Object.values(peers).filter(({ url }) => !url.startsWith('https:'))).toEqual([]);
    const met = one.meet();
    // Else the rest of this test could not fail
    const sandbox = await processesOf(addresses);
    expect(sandbox.length).toBeGreaterThan(4);
    expect(met).toEqual(expect.arrayContaining(sandbox));
    expect(one.left.length).toBeGreaterThan(sandbox.length);
    expect(one.left.join('\n')).toMatch(/bin\/postgres -D/);
    expect(addresses.partners).toEqual([
      { operator: 'operator-b', api: `http://127.${net}.50.1:8700`, namespace: 'operator-b' },
    ]);
    for (const { api } of [addresses, ...addresses.partners])
      await eventually(async () => (await fetch(`${api}/health/ready`)).ok, 20_000);
    expect(boundIn(net).length).toBeGreaterThan(10);
    expect(await isFree(`127.${net}.0.1`, 8080)).toBe(false);

    one.signal('SIGKILL');
    expect(await one.exited).toBe('SIGKILL');
    await nothingIsLeft(one, { limitMs: 10_000, used: ports(addresses) });
  });

  it.each([
    ['nothing runs yet', /Starting Ferry/, []],
    ['its servers run, and it is to tell a verdict', /✓ Temporal dev server/, ['--tour', '--exit']],
  ])('says when it is interrupted before it is ready that it was not, and leaves nothing: %s', async (_, at, more) => {
    const one = up(...more);
    await eventually(() => at.test(one.err), 60_000);
    one.meet();
    one.signal('SIGINT');
    expect(await one.exited).toBe('status 130');
    expect(one.err).toMatch(/Interrupted before Ferry was ready: what was started is being ended\.\n$/);
    expect(one.out).toBe('');
    await nothingIsLeft(one, { limitMs: 10_000, used: [port] });
  });
});

describe('one that goes through all of this, one after the other,', () => {
  let one: Up;
  let addresses: Addresses;
  let done: Relocation;
  let held: Relocation;
  beforeAll(async () => {
    await aPlace();
    one = up();
    addresses = await one.ready();
  });
  afterAll(left);

  it('refuses a data folder that another one uses, and says what to do; that one goes on', async () => {
    const other = await claimNetwork();
    const [free] = await portsOf(other.net);
    const two = up('--net', String(other.net), '--port', String(free));
    expect(await two.exited).toBe('status 1');
    expect(two.err).toContain(`another ferry up uses ${data}: end it, or choose another folder with --data`);
    expect(JSON.parse(two.out)).toMatchObject({ title: 'Ferry is not up', detail: expect.stringContaining(data) });
    expect(await (await fetch(`${addresses.api}/health/ready`)).json()).toMatchObject({ status: 'ready' });
    await other.release();
  });

  it('starts a worker, an API and a Temporal again that die, each with one line, and what runs goes on', async () => {
    done = await begin(addresses, { source: 'cloud', target: 'a1', cutOver: { approval: true } });
    const { id } = done;
    await reaches(addresses, id, ({ state }) => state === 'held');
    const kill = (pattern: RegExp): number => {
      const pid = Number(one.left.find((line) => pattern.test(line))?.split(' ')[0]);
      process.kill(pid, 'SIGKILL');
      return pid;
    };
    for (const [name, pattern] of [
      ['worker', /worker\/main\.(js|ts)/],
      ['API', /api\/main\.(js|ts)/],
      ['Temporal', /server start-dev/],
    ] as const) {
      one.meet();
      const pid = kill(pattern);
      await eventually(() => one.err.includes(`${name} has ended (SIGKILL), and is started again`));
      // One that found no Temporal at its start would end once more
      if (name === 'worker') await eventually(async () => await anotherPolls(addresses, pid), 30_000);
    }
    const client = new FerryClient(addresses.api);
    const asked = async (): Promise<boolean> =>
      await client.post(`/v1/relocations/${id}/approve`).then(
        () => true,
        () => false,
      );
    await eventually(asked, 60_000);
    await eventually(async () => (await show(addresses, id).catch(() => undefined))?.state === 'ended', 60_000);
    expect(await show(addresses, id)).toMatchObject({ outcome: 'relocated' });
    expect(one.err.match(/is started again/g)).toHaveLength(3);
    const log = readFileSync(join(data, 'logs', 'worker.log'), 'utf8');
    expect(new Set([...log.matchAll(/"pid":(\d+)/g)].map(([, pid]) => pid)).size).toBe(2);
    one.meet();
  });

  it('ends everything within five seconds after SIGINT, with status 0, in the middle of a relocation as well', async () => {
    held = await begin(addresses, { source: 'a1', target: 'a2', users: 'ue-1', cutOver: { approval: true } });
    await reaches(addresses, held.id, ({ state }) => state === 'held');
    const { id } = await begin(addresses, { source: 'a1', target: 'a2', users: 'ue-2' });
    await reaches(addresses, id, ({ step }) => step === 'drain');
    one.meet();
    const begun = performance.now();
    one.signal('SIGINT');
    expect(await one.exited).toBe('status 0');
    expect(performance.now() - begun).toBeLessThan(5_000 * busy());
    expect(one.err).toMatch(/\nInterrupted: what was started is being ended\.\n$/);
    await nothingIsLeft(one, { limitMs: 100, used: ports(addresses) });
  });

  it('lists what earlier starts with the same data have done, and ends with a reason what they left running', async () => {
    const second = up();
    const after = await second.ready();
    expect(second.err).toContain('Earlier relocations');
    expect(second.err).toContain(shortId(done.id));
    const { relocations } = await new FerryClient(after.api).get<RelocationList>('/v1/relocations');
    expect(relocations.map(({ id, state, outcome }) => ({ id, state, outcome }))).toEqual(
      expect.arrayContaining([
        { id: done.id, state: 'ended', outcome: 'relocated' },
        { id: held.id, state: 'terminated', outcome: null },
      ]),
    );
    const shown = await new FerryClient(after.api).get<Relocation>(`/v1/relocations/${held.id}`);
    expect(shown).toMatchObject({ state: 'terminated', actions: [] });
    expect(await reasonOfEnd(after, held.id)).toMatch(/^WorldEnded: /);

    // It is another world: the same relocation begins anew, and goes through
    const again = await begin(after, { source: 'cloud', target: 'a1' });
    await reaches(after, again.id, ({ state }) => state === 'ended');
    expect((await show(after, again.id)).outcome).toBe('relocated');
  });
});

/** As the Temporal UI shows it. */
async function reasonOfEnd(at: Addresses, id: string): Promise<string> {
  const { workflowId, runId } = parseRelocationId(id) ?? { workflowId: '', runId: '' };
  const connection = await Connection.connect({ address: at.temporal });
  const { events } = await new Client({ connection }).workflow.getHandle(workflowId, runId).fetchHistory();
  await connection.close();
  return events?.at(-1)?.workflowExecutionTerminatedEventAttributes?.reason ?? '';
}

const begin = async (at: Addresses, request: object): Promise<Relocation> =>
  await new FerryClient(at.api).post<Relocation>('/v1/relocations', { application: 'counter', ...request });

const show = async (at: Addresses, id: string): Promise<Relocation> =>
  await new FerryClient(at.api).get<Relocation>(`/v1/relocations/${id}`);

const reaches = async (at: Addresses, id: string, as: (seen: Relocation) => boolean): Promise<void> =>
  await eventually(async () => as(await show(at, id)), 60_000);
