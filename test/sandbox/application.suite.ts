import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { busy } from '../support/busy.ts';
import { Process, until, Writer } from './application.world.ts';

interface Receipt {
  epoch: number;
  users: number;
  count: number;
  of: { user: string; count: number }[];
  freezeMs: number;
}
interface Refusal {
  type: string;
  relocation?: string;
}
export interface Served {
  counter: number;
  epoch: number;
  instance: string;
}

/**
 * The contract, asked of an application in the network `NET`: `made` makes it ready in a folder, and says by which command
 * one instance is started. Instances speak to each other as the sandbox's do.
 */
export function keepsTheContract(NET: number, made: (folder: string) => Promise<readonly string[]>) {
  let folder: string;
  let command: readonly string[];
  const running = new Set<Process>();
  const writers = new Set<Writer>();

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'application-'));
    command = await made(folder);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });
  afterEach(async () => {
    await Promise.all([...writers].map(async (writer) => await writer.stop()));
    for (const instance of running) {
      instance.kill();
      await instance.ended;
    }
    writers.clear();
    running.clear();
  });

  async function start(id: string, host: string, env?: Record<string, string>): Promise<Process> {
    const instance = await Process.start(id, host, command, env);
    running.add(instance);
    return instance;
  }

  /** A founded instance and a standby. */
  async function pair(net: number, env?: Record<string, string>): Promise<[Process, Process]> {
    const [source, target] = await Promise.all([
      start('source', `127.${NET}.${net}.1`, env),
      start('target', `127.${NET}.${net}.2`, env),
    ]);
    const founded = { platform: null, subscriptions: 0, users: { u1: `127.${NET}.100.1` } };
    await source.manage('POST', '/provider/found', founded);
    return [source, target];
  }

  function load(users: readonly string[], at: Process): Writer[] {
    return users.map((user) => {
      const writer = new Writer(user, at);
      writers.add(writer);
      return writer;
    });
  }

  const written = async (all: readonly Writer[], number: number): Promise<void> =>
    await until(() => all.every(({ acknowledged }) => acknowledged.length >= number), `${number} writes of each`);

  /** Introduces, promises, and awaits the copy ahead. */
  async function prepared(relocation: string, users: string, from: Process, to: Process): Promise<void> {
    expect(await introduced(relocation, users, from, to)).toBe(204);
    await until(async () => {
      const { body } = await from.contract<{ users: number; copied: number }>('promise', {
        relocation,
        users,
        target: to.endpoint,
      });
      return body.users > 0 && body.copied === body.users;
    }, 'everything is copied ahead');
  }

  const introduced = async (relocation: string, users: string, from: Process, to: Process): Promise<number> =>
    (await to.contract('copy', { relocation, users, source: from.endpoint, chunk: [] })).status;

  const handOver = async (relocation: string, from: Process, to: Process) =>
    await from.contract<Receipt & Refusal>('handOver', { relocation, target: to.endpoint });

  /** Every write that was acknowledged is accepted at this instance, exactly once, and nothing else is. */
  async function expectNothingLostAt(instance: Process, all: readonly Writer[]): Promise<void> {
    for (const { user, acknowledged } of all) {
      const { body } = await instance.client<Served & { accepted: unknown }>('GET', `/users/${user}`);
      expect(body).toMatchObject({ accepted: [[1, acknowledged.length]], counter: acknowledged.length });
    }
  }

  const expectEpochsToRise = (all: readonly Writer[]): void => {
    for (const { acknowledged } of all) {
      const epochs = acknowledged.map(({ epoch }) => epoch);
      expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
    }
  };

  const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;

  it('moves everybody to and fro under load: nothing is lost, nothing doubled, epochs rise, freezes are short', async () => {
    const [source, target] = await pair(1);
    const all = load(['u1', 'u2', 'u3', 'u4'], source);
    await written(all, 20);
    const receipts: Receipt[] = [];
    let [from, to] = [source, target];
    for (let move = 1; move <= 7; move += 1) {
      await prepared(`move-${move}`, '*', from, to);
      for (const writer of all) writer.entrance = move % 2 === 0 ? from : to; // the path turns before the hand-over
      const { status, body } = await handOver(`move-${move}`, from, to);
      expect(status).toBe(200);
      receipts.push(body);
      await written(all, (all[0]?.acknowledged.length ?? 0) + 10);
      [from, to] = [to, from];
    }
    await Promise.all(all.map(async (writer) => await writer.stop()));
    expect(receipts.map(({ epoch }) => epoch)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(receipts.every(({ users }) => users === 4)).toBe(true);
    await expectNothingLostAt(from, all);
    expectEpochsToRise(all);
    const freezes = receipts.map(({ freezeMs }) => freezeMs);
    process.stdout.write(`freezes in ms: ${freezes.join(', ')}\n`);
    expect(median(freezes)).toBeLessThanOrEqual(50 * busy());
  });

  it('moves one user and leaves the others', async () => {
    const [source, target] = await pair(2);
    const all = load(['u1', 'u2', 'u3'], source);
    await written(all, 10);
    await prepared('one', 'u1', source, target);
    const { body: receipt } = await handOver('one', source, target);
    expect(receipt).toMatchObject({ relocation: 'one', epoch: 2, users: 1 });
    await written(all, (all[0]?.acknowledged.length ?? 0) + 10);
    await Promise.all(all.map(async (writer) => await writer.stop()));
    expect(all.map(({ acknowledged }) => acknowledged.at(-1)?.instance)).toEqual(['target', 'source', 'source']);
    await expectNothingLostAt(source, all); // it serves the others and relays the one
    expect((await source.client<Served>('GET', '/users/new')).body.instance).toBe('source');
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  it.skipIf(!hasIPv6)('moves users from an address of IPv6, and back to it', async () => {
    // The machine's only one of its own: ports that no other network of the tests has
    const env = { PORT: String(20_000 + 2 * NET), MANAGEMENT_PORT: String(20_001 + 2 * NET) };
    const [source, target] = await Promise.all([start('source', '::1', env), start('target', `127.${NET}.32.2`, env)]);
    expect((await source.manage('POST', '/provider/found', { users: {} })).status).toBe(200);
    const write = async (at: Process, number: number) =>
      (await at.client<Served>('POST', '/users/u1/writes', { number })).body;
    expect(await introduced('there', '*', source, target)).toBe(204);
    expect(await write(target, 1)).toMatchObject({ counter: 1, instance: 'source' });
    await prepared('there', '*', source, target);
    expect((await handOver('there', source, target)).status).toBe(200);
    expect(await write(source, 2)).toMatchObject({ counter: 2, instance: 'target' });
    await prepared('back', '*', target, source);
    expect((await handOver('back', target, source)).status).toBe(200);
    expect(await write(target, 3)).toMatchObject({ counter: 3, instance: 'source' });
  });

  it('moves everybody to where one had been moved before, and on to a third', async () => {
    const [source, target] = await pair(3);
    const third = await start('third', `127.${NET}.3.3`);
    const all = load(['u1', 'u2'], source);
    await written(all, 5);
    await prepared('one', 'u1', source, target);
    await handOver('one', source, target);
    await prepared('all', '*', source, third);
    expect((await handOver('all', source, third)).body).toMatchObject({ users: 1, epoch: 3 });
    await written(all, (all[0]?.acknowledged.length ?? 0) + 10);
    expect(all.map(({ acknowledged }) => acknowledged.at(-1)?.instance)).toEqual(['target', 'third']);
    expect((await third.client<Served>('GET', '/users/u1')).body.instance).toBe('target');
    await prepared('on', '*', third, target);
    expect((await handOver('on', third, target)).status).toBe(200);
    await written(all, (all[0]?.acknowledged.length ?? 0) + 10);
    await Promise.all(all.map(async (writer) => await writer.stop()));
    expect(all.map(({ acknowledged }) => acknowledged.at(-1)?.instance)).toEqual(['target', 'target']);
    await expectNothingLostAt(third, all);
  });

  it('accepts a write once by its number, in whatever order', async () => {
    const [source] = await pair(4);
    for (const number of [2, 1, 2, 5]) await source.client('POST', '/users/u1/writes', { number });
    const { body } = await source.client('GET', '/users/u1');
    expect(body).toMatchObject({
      user: 'u1',
      counter: 3,
      accepted: [
        [1, 2],
        [5, 5],
      ],
      epoch: 1,
      instance: 'source',
    });
  });

  it('knows nobody to relay to before it is introduced, and relays afterwards', async () => {
    const [source, target] = await pair(5);
    const early = await target.client<Refusal>('GET', '/users/u1');
    expect([early.status, early.body.type]).toEqual([503, 'NoAuthority']);
    await introduced('r', '*', source, target);
    const late = await target.client<Served>('POST', '/users/u1/writes', { number: 1 });
    expect(late.body).toMatchObject({ counter: 1, instance: 'source' });
    expect(late.headers['ferry-instance']).toBe('target');
    expect(late.headers.connection).toBe('close');
  });

  it('closes a kept connection when it relays, and not when it serves', async () => {
    const [source, target] = await pair(6);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const served = await source.client('POST', '/users/u1/writes', { number: 1 }, agent);
    expect(served.headers.connection).not.toBe('close');
    await prepared('r', '*', source, target);
    await handOver('r', source, target);
    const relayed = await source.client<Served>('POST', '/users/u1/writes', { number: 2 }, agent);
    expect(relayed).toMatchObject({ body: { instance: 'target' }, headers: { connection: 'close' } });
    agent.destroy();
  });

  it('counts the clients that come by themselves, and nobody else', async () => {
    const [source, target] = await pair(7);
    await introduced('r', '*', source, target);
    await source.client('GET', '/');
    await target.client('POST', '/users/u1/writes', { number: 1 });
    const state = async (at: Process, users: string) =>
      (
        await at.manage<{ clients: number; clientSeenSecondsAgo: number | null }>(
          'GET',
          `/relocation/v1/state?users=${users}`,
        )
      ).body;
    expect(await state(source, '*')).toMatchObject({ clients: 0, clientSeenSecondsAgo: null, role: 'authority' });
    expect(await state(target, 'u1')).toMatchObject({ clients: 1, clientSeenSecondsAgo: expect.any(Number) });
    expect(await state(target, 'u2')).toMatchObject({ clients: 0, clientSeenSecondsAgo: null, role: 'standby' });
  });

  it('promises users to one relocation at a time, and names it', async () => {
    const [source] = await pair(8);
    const promise = async (relocation: string, users: string) =>
      await source.contract<Refusal>('promise', { relocation, users, target: null });
    expect((await promise('first', 'u1')).body).toEqual({ users: 1, copied: 0 });
    expect((await promise('first', 'u1')).status).toBe(200);
    expect(await promise('second', '*')).toMatchObject({
      status: 409,
      body: { type: 'PromisedElsewhere', relocation: 'first' },
    });
    await source.contract('settle', { relocation: 'first' });
    expect((await promise('second', '*')).status).toBe(200);
  });

  it('refuses a late hand-over of what was settled as kept, even where nothing was promised', async () => {
    const [source, target] = await pair(9);
    await prepared('r', 'u1', source, target);
    for (const relocation of ['r', 'unheard'])
      expect((await source.contract('settle', { relocation })).body).toEqual({ settlement: 'kept', serves: true });
    expect((await target.contract('settle', { relocation: 'r' })).body).toEqual({ settlement: 'kept', serves: false });
    for (const relocation of ['r', 'unheard'])
      expect(await handOver(relocation, source, target)).toMatchObject({ status: 409, body: { type: 'Kept' } });
    expect((await source.client<Served>('GET', '/users/u1')).body.instance).toBe('source');
  });

  it('answers the same receipt and the same settlement for ever, and forgets what it gave away when it is retired', async () => {
    const [source, target] = await pair(10);
    await source.client('POST', '/users/u1/writes', { number: 1 });
    await prepared('r', '*', source, target);
    const first = await handOver('r', source, target);
    expect((await handOver('r', source, target)).body).toEqual(first.body);
    for (const at of [source, target])
      expect((await at.contract('settle', { relocation: 'r' })).body).toEqual({
        settlement: 'handedOver',
        serves: at === target,
      });
    expect((await source.user('u1'))?.accepted).toEqual([[1, 1]]);
    await source.contract('settle', { relocation: 'r', retired: true });
    await until(async () => (await source.user('u1'))?.accepted.length === 0, 'the source forgets');
    expect((await source.client<Served>('GET', '/users/u1')).body).toMatchObject({ counter: 1, instance: 'target' });
  });

  it('answers 504 and thaws within the freeze limit when the target was killed after the promise', async () => {
    const [source, target] = await pair(11, { FREEZE_LIMIT_MS: String(Math.round(400 * busy())) });
    const all = load(['u1', 'u2'], source);
    await written(all, 5);
    await prepared('r', '*', source, target);
    target.kill();
    await target.ended;
    expect(await handOver('r', source, target)).toMatchObject({ status: 504, body: { type: 'TargetSilent' } });
    await written(all, (all[0]?.acknowledged.length ?? 0) + 5);
    expect((await source.dump()).frozen).toEqual([]);
    await Promise.all(all.map(async (writer) => await writer.stop()));
    await expectNothingLostAt(source, all);
  });

  it('holds requests while it is frozen, and serves them after the limit when the target never answers', async () => {
    const [source] = await pair(12, { FREEZE_LIMIT_MS: String(Math.round(400 * busy())) });
    await source.client('POST', '/users/u1/writes', { number: 1 });
    const silent = createServer(() => undefined).listen(7001, `127.${NET}.12.9`);
    await once(silent, 'listening');
    const target = { host: `127.${NET}.12.9`, port: 7001 };
    await source.contract('promise', { relocation: 'r', users: 'u1', target: null });
    const asked = source.contract<Refusal>('handOver', { relocation: 'r', target });
    await until(async () => (await source.dump()).frozen.includes('u1'), 'the freeze');
    const held = source.client<Served>('POST', '/users/u1/writes', { number: 2 });
    const other = await source.client<Served>('POST', '/users/u2/writes', { number: 1 });
    expect(other.body.instance).toBe('source');
    expect((await source.dump()).frozen).toEqual(['u1']);
    expect((await held).body).toMatchObject({ counter: 2, epoch: 1, instance: 'source' });
    expect(await asked).toMatchObject({ status: 504, body: { type: 'TargetSilent' } });
    silent.closeAllConnections();
    silent.close();
  });

  it('is handed over by a second attempt after the first one met silence, with a number of its own', async () => {
    const [source, target] = await pair(13, { FREEZE_LIMIT_MS: String(Math.round(200 * busy())) });
    await source.client('POST', '/users/u1/writes', { number: 1 });
    await source.contract('promise', { relocation: 'r', users: '*', target: null });
    const nowhere = { host: `127.${NET}.13.9`, port: 7001 };
    expect((await source.contract('handOver', { relocation: 'r', target: nowhere })).status).toBe(504);
    expect((await handOver('r', source, target)).body).toMatchObject({ epoch: 3, users: 1, count: 1 });
    expect((await source.client<Served>('GET', '/users/u1')).body).toMatchObject({ counter: 1, instance: 'target' });
  });

  it('tells everything once more to a target that lost what had been copied to it', async () => {
    const [source, target] = await pair(14);
    await source.client('POST', '/users/u1/writes', { number: 1 });
    await prepared('r', '*', source, target);
    target.kill();
    await target.ended;
    const again = await start('again', target.host);
    expect((await again.client('GET', '/users/u1')).status).toBe(503);
    expect((await handOver('r', source, target)).body).toMatchObject({ count: 1 });
    expect((await again.client<Served>('GET', '/users/u1')).body).toMatchObject({ counter: 1, instance: 'again' });
  });

  it('refuses copies once it is the authority, and calls that make no sense', async () => {
    const [source, target] = await pair(15);
    expect(await introduced('r', 'u1', target, source)).toBe(409);
    expect(await introduced('r', '*', target, source)).toBe(204); // all whom another one serves
    expect((await source.client<Served>('GET', '/users/u1')).body.instance).toBe('source');
    expect((await source.manage('POST', '/provider/found', { users: {} })).status).toBe(409);
    expect((await source.contract('handOver', { relocation: 'r' })).status).toBe(400);
    expect((await handOver('r', source, target)).body.type).toBe('NotPromised');
    expect((await target.contract<Refusal>('promise', { relocation: 'r', users: '*', target: null })).body.type).toBe(
      'NotServing',
    );
    expect((await source.client('POST', '/users/u1/writes', { number: 1.5 })).status).toBe(400);
    expect((await source.client('GET', '/nowhere')).status).toBe(404);
    expect((await source.client('GET', '/users/*')).status).toBe(400);
  });

  it('is frozen for no longer than the limit, also when the target answers first and asks for everything', async () => {
    const limit = Math.min(6_000, Math.round(1_000 * busy())); // less than clients wait
    const [source] = await pair(19, { FREEZE_LIMIT_MS: String(limit) });
    let prepares = 0;
    const slow = createServer(({ url }, res) => {
      if (url !== '/transfer/v1/prepare') return; // once thawed it is still promised, and copied ahead
      prepares += 1;
      if (prepares === 1) setTimeout(() => res.writeHead(409).end('{"type":"Incomplete"}'), 0.8 * limit);
    }).listen(7001, `127.${NET}.19.9`);
    await once(slow, 'listening');
    await source.contract('promise', { relocation: 'r', users: '*', target: null });
    const asked = performance.now();
    const target = { host: `127.${NET}.19.9`, port: 7001 };
    expect((await source.contract('handOver', { relocation: 'r', target })).status).toBe(504);
    expect([prepares, performance.now() - asked < 1.7 * limit]).toEqual([2, true]);
    slow.closeAllConnections();
    slow.close();
  });

  it.each(['2s', '400.5'])(
    'does not start with %s as its limit of a freeze, and names what is wrong',
    async (limit) => {
      const started = await start('source', `127.${NET}.18.1`, { FREEZE_LIMIT_MS: limit });
      let status: number | null | undefined;
      void started.ended.then((ended) => (status = ended));
      await until(() => status !== undefined, 'the instance ends');
      expect([status, started.said]).toEqual([1, expect.stringContaining('FREEZE_LIMIT_MS')]);
    },
  );

  it('keeps what it gave away until the target has heard of the decision, which it repeats', async () => {
    const [source] = await pair(20);
    await source.client('POST', '/users/u1/writes', { number: 1 });
    let commits = 0;
    let hears = false;
    const deaf = createServer((req, res) => {
      if (req.url === '/transfer/v1/commit') commits += 1;
      res.writeHead(req.url === '/transfer/v1/commit' && !hears ? 500 : 204).end();
    }).listen(7001, `127.${NET}.20.9`);
    await once(deaf, 'listening');
    const target = { host: `127.${NET}.20.9`, port: 7001 };
    await source.contract('promise', { relocation: 'r', users: '*', target: null });
    expect((await source.contract('handOver', { relocation: 'r', target })).status).toBe(200);
    const retired = await source.contract('settle', { relocation: 'r', retired: true });
    expect(retired.body).toEqual({ settlement: 'handedOver', serves: false });
    await until(() => commits > 1, 'the decision is repeated');
    expect((await source.user('u1'))?.accepted).toEqual([[1, 1]]);
    expect((await source.client<Refusal>('GET', '/users/u1')).body.type).toBe('AuthorityUnreachable');
    hears = true;
    await until(async () => (await source.user('u1'))?.accepted.length === 0, 'the source forgets');
    deaf.closeAllConnections();
    deaf.close();
  });

  it('relays to the source while it is prepared and the decision is not known', async () => {
    const [source, target] = await pair(21);
    const entries = [{ user: 'u1', epoch: 1, accepted: [], address: null, context: {} }];
    const total = { entries: 1, count: 0 };
    const prepare = { relocation: 'r', users: 'u1', source: `127.${NET}.21.1:7001`, number: 2, entries, total };
    expect((await target.manage('POST', '/transfer/v1/prepare', prepare)).status).toBe(204);
    const { body } = await target.client<Served>('POST', '/users/u1/writes', { number: 1 });
    expect(body).toMatchObject({ epoch: 1, instance: 'source' });
    expect((await source.user('u1'))?.accepted).toEqual([[1, 1]]);
  });

  it('says of a settlement whether it serves these users now, also when it was started again and forgot them', async () => {
    const [source, target] = await pair(22);
    await source.client('POST', '/users/u1/writes', { number: 1 });
    await prepared('r', 'u1', source, target);
    const settle = async (at: Process, users: string) =>
      (await at.contract('settle', { relocation: `r-${users}`, users })).body;
    expect(await settle(source, 'u1')).toEqual({ settlement: 'kept', serves: true });
    expect(await settle(source, '*')).toEqual({ settlement: 'kept', serves: true });
    expect(await settle(target, 'u1')).toEqual({ settlement: 'kept', serves: false });
    source.kill();
    await source.ended;
    const again = await start('again', source.host);
    for (const users of ['u1', '*']) expect(await settle(again, users)).toEqual({ settlement: 'kept', serves: false });
  });

  it('tells in the receipt what was given of each user', async () => {
    const [source, target] = await pair(23);
    await source.client('POST', '/users/u2/writes', { number: 1 });
    await source.client('POST', '/users/u2/writes', { number: 5 });
    await prepared('one', 'u2', source, target);
    expect((await handOver('one', source, target)).body).toMatchObject({ count: 2, of: [{ user: 'u2', count: 2 }] });
    await prepared('all', '*', source, target);
    const { body } = await handOver('all', source, target);
    expect(body).toMatchObject({ users: 1, count: 0 });
    expect(new Set(body.of)).toEqual(
      new Set([
        { user: '*', count: 0 },
        { user: 'u1', count: 0 },
      ]),
    );
  });

  it('finds a silent user behind any number of instances that stay: those before learn a shorter way', async () => {
    const [first, second] = await pair(31);
    const others = await Promise.all([start('third', `127.${NET}.31.3`), start('fourth', `127.${NET}.31.4`)]);
    await first.client('POST', '/users/u9/writes', { number: 1 });
    const way = [first, second, ...others];
    for (const [index, to] of way.entries()) {
      const from = way[index - 1];
      if (from === undefined) continue;
      await prepared(`to-${index}`, 'u9', from, to);
      expect((await handOver(`to-${index}`, from, to)).status).toBe(200);
    }
    const answers: Served[] = [];
    await until(async () => {
      const { status, body } = await first.client<Served>('POST', '/users/u9/writes', { number: 2 });
      if (status === 200) answers.push(body);
      return status === 200;
    }, 'he is served');
    expect(answers).toMatchObject([{ counter: 2, instance: 'fourth' }]);
  });

  const retire = async (at: Process, relocation = 'r'): Promise<object> =>
    (await at.contract<object>('retire', { relocation })).body;

  /** It may take a moment until its target has heard of the decision. */
  const goes = async (at: Process, relocation = 'r'): Promise<void> =>
    await until(
      async () => JSON.stringify(await retire(at, relocation)) === '{"retires":true}',
      'it may be taken away',
    );

  /** Some are brought to the target one by one, one is given on to a third: then all whom the target serves move. */
  async function oneByOne(net: number): Promise<[Process, Process, Process, Writer[]]> {
    const [source, target] = await pair(net);
    const third = await start('third', `127.${NET}.${net}.3`);
    const all = load(['u1', 'u2', 'u3', 'u4'], source);
    await written(all, 5);
    for (const user of ['u1', 'u2', 'u3']) {
      await prepared(`to-${user}`, user, source, target);
      expect((await handOver(`to-${user}`, source, target)).status).toBe(200);
    }
    await prepared('on', 'u3', target, third);
    expect((await handOver('on', target, third)).status).toBe(200);
    return [source, target, third, all];
  }

  interface Stated {
    role: string;
    users: { user: string; role: string }[];
  }
  const servedAt = async (at: Process): Promise<string[]> => {
    const { body } = await at.manage<Stated>('GET', '/relocation/v1/state?users=*');
    return body.users.filter(({ role }) => role === 'authority').map(({ user }) => user);
  };

  it('moves all whom it serves, whoever brought them there, back to the instance that serves everybody else', async () => {
    const [source, target, third, all] = await oneByOne(24);
    await prepared('all', '*', target, source);
    const { status, body } = await handOver('all', target, source);
    expect(status).toBe(200);
    expect(body.of.map(({ user }) => user).toSorted()).toEqual(['u1', 'u2']);
    await written(all, (all[0]?.acknowledged.length ?? 0) + 5);
    await Promise.all(all.map(async (writer) => await writer.stop()));
    expect((await servedAt(source)).toSorted()).toEqual(['u1', 'u2', 'u4']);
    expect(await servedAt(target)).toEqual([]);
    expect(await servedAt(third)).toEqual(['u3']);
    for (const at of [source, target])
      expect((await at.contract('settle', { relocation: 'all', users: '*' })).body).toEqual({
        settlement: 'handedOver',
        serves: at === source,
      });
    await goes(target, 'all');
    await expectNothingLostAt(source, all);
  });

  it('moves all whom it serves to an instance that knew nobody, and not those who are elsewhere', async () => {
    const [source, target, third, all] = await oneByOne(25);
    const fourth = await start('fourth', `127.${NET}.25.4`);
    await prepared('all', '*', target, fourth);
    expect((await handOver('all', target, fourth)).body).toMatchObject({ users: 2 });
    await goes(target, 'all');
    target.kill();
    await written(all, (all[0]?.acknowledged.length ?? 0) + 5);
    await Promise.all(all.map(async (writer) => await writer.stop()));
    expect((await servedAt(fourth)).toSorted()).toEqual(['u1', 'u2']);
    expect(await servedAt(third)).toEqual(['u3']);
    await expectNothingLostAt(source, all);
    await expectNothingLostAt(fourth, all.slice(0, 3));
  });

  it('goes only when those who relay to it know where its users are: a silent user is found after the one between has gone', async () => {
    const [source, target] = await pair(26);
    const third = await start('third', `127.${NET}.26.3`);
    for (const number of [1, 2, 3]) await source.client('POST', '/users/u9/writes', { number });
    await prepared('first', 'u9', source, target);
    await handOver('first', source, target);
    await prepared('second', 'u9', target, third);
    await handOver('second', target, third);
    await goes(target, 'second');
    target.kill();
    await target.ended;
    const { body } = await source.client<Served>('GET', '/users/u9');
    expect(body).toMatchObject({ counter: 3, epoch: 3, instance: 'third' });
  });

  it('stays while it serves somebody, or a relocation is on its way to it that is not its own', async () => {
    const [source, target] = await pair(27);
    expect(await retire(source)).toEqual({ retires: false, why: 'serves' });
    await introduced('r', 'u1', source, target);
    expect(await retire(target, 'other')).toEqual({ retires: false, why: 'expected' });
    await introduced('second', 'u2', source, target);
    expect(await retire(target, 'r')).toEqual({ retires: false, why: 'expected' });
    await target.contract('settle', { relocation: 'second' });
    await goes(target, 'r');
  });

  it('takes nobody once it has said that it goes, says so, and relays on', async () => {
    const [source, target] = await pair(28);
    await source.client('POST', '/users/u1/writes', { number: 1 });
    await prepared('r', '*', source, target);
    await handOver('r', source, target);
    for (let time = 0; time < 2; time += 1) {
      await goes(source);
      expect((await source.manage('GET', '/relocation/v1/state?users=*')).body).toMatchObject({ retiring: true });
    }
    expect((await target.manage('GET', '/relocation/v1/state?users=*')).body).toMatchObject({ retiring: false });
    const copy = { relocation: 'back', users: '*', source: target.endpoint, chunk: [] };
    const prepare = {
      ...copy,
      source: `127.${NET}.28.2:7001`,
      number: 3,
      entries: [],
      total: { entries: 0, count: 0 },
    };
    for (const refused of [
      await source.contract<Refusal>('copy', copy),
      await source.contract<Refusal>('promise', { relocation: 'back', users: '*', target: null }),
      await source.manage<Refusal>('POST', '/transfer/v1/prepare', prepare),
      await source.manage<Refusal>('POST', '/transfer/v1/commit', { relocation: 'back', number: 3, whole: prepare }),
      await source.manage<Refusal>('POST', '/provider/found', { users: {} }),
    ])
      expect([refused.status, refused.body.type]).toEqual([409, 'Retiring']);
    expect((await source.client<Served>('GET', '/users/u1')).body).toMatchObject({ counter: 1, instance: 'target' });
    source.kill();
    await source.ended;
    const again = await start('again', source.host);
    expect((await again.contract('copy', copy)).status).toBe(204);
  });

  /** The source was given users by an instance that answers nothing, and gave everybody away. */
  async function pointedToBySilence(net: number): Promise<{ source: Process; target: Process; end: () => void }> {
    const silent = createServer((req, res) => {
      if (req.url !== '/transfer/v1/leaving') res.writeHead(204).end();
    }).listen(7001, `127.${NET}.${net}.9`);
    await once(silent, 'listening');
    const [source, target] = await pair(net);
    const to = { host: `127.${NET}.${net}.9`, port: 7001 };
    await source.contract('promise', { relocation: 'gone', users: 'u2', target: to });
    await source.contract('settle', { relocation: 'gone' });
    await prepared('r', '*', source, target);
    await handOver('r', source, target);
    const end = (): void => {
      silent.closeAllConnections();
      silent.close();
    };
    return { source, target, end };
  }

  it('stays while somebody who may relay to it does not answer, goes on, and goes when nothing listens there any more', async () => {
    const { source, target, end } = await pointedToBySilence(29);
    const asked = performance.now();
    expect(await retire(source)).toEqual({ retires: false, why: 'pointedTo' });
    expect(performance.now() - asked).toBeLessThan(5_000 * busy());
    expect((await source.manage('GET', '/relocation/v1/state?users=*')).body).toMatchObject({ retiring: false });
    end();
    await goes(source);
    expect((await source.client<Served>('GET', '/users/u1')).body.instance).toBe('target');
    expect((await target.dump()).users.find(({ user }) => user === '*')?.role).toBe('authority');
  });

  it('stays for a relocation that comes while it is still telling, and takes its users', async () => {
    const { source, target, end } = await pointedToBySilence(30);
    const asked = retire(source);
    await until(async () => (await source.dump()).retiring, 'it is telling');
    expect(await introduced('back', '*', target, source)).toBe(204);
    expect(await asked).toEqual({ retires: false, why: 'expected' });
    await prepared('back', '*', target, source);
    expect((await handOver('back', target, source)).status).toBe(200);
    expect((await source.client<Served>('GET', '/users/u1')).body.instance).toBe('source');
    end();
  });

  it('takes orders of nobody who does not show its token, and shows it to its other instances', async () => {
    const env = { MANAGEMENT_TOKEN: 'of its operator' };
    const [source, target] = await Promise.all(
      ['61', '62'].map(async (host) => await start(`kept-${host}`, `127.${NET}.16.${host}`, env)),
    );
    if (source === undefined || target === undefined) throw new Error('they did not start');
    const founding = { platform: null, subscriptions: 0, users: {} };
    for (const token of ['', 'of somebody else'])
      expect((await source.manage('POST', '/provider/found', founding, token)).status).toBe(401);
    expect((await source.manage('POST', '/provider/found', founding)).status).toBe(200);
    const names = { relocation: 'r1', users: '*' };
    const state = '/relocation/v1/state?users=*';
    expect((await source.manage('GET', state, undefined, 'of somebody else')).status).toBe(401);
    const introduction = { ...names, source: source.endpoint, chunk: [] };
    expect((await target.contract('copy', introduction)).status).toBe(204);
    expect((await source.contract('promise', { ...names, target: target.endpoint })).status).toBe(200);
    const receipt = await source.contract('handOver', { ...names, target: target.endpoint });
    expect(receipt).toMatchObject({ status: 200 });
    await until(async () => {
      const { body } = await target.manage<{ role: string }>('GET', state);
      return body.role === 'authority';
    }, 'the target is told that it is the authority');
  });

  return { start, pair, prepared, handOver };
}
