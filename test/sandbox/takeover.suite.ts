import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Process, until } from './application.world.ts';

interface Said {
  role: string;
  users: { user: string; role: string; count: number }[];
  copies: { relocation: string; copiedUsers: number; count: number; prepared: boolean; secondsAgo: number | null }[];
}

/** Three instances of whatever `made` makes ready, of which the one that serves is killed: another takes its place. */
export function takesThePlaceOfTheDead(NET: number, made: (folder: string) => Promise<readonly string[]>): void {
  let folder: string;
  let source: Process;
  let standby: Process;
  let other: Process;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'application-'));
    const command = await made(folder);
    const named = ['source', 'standby', 'other'].map(
      async (id, n) => await Process.start(id, `127.${NET}.90.${n + 1}`, command),
    );
    [source, standby, other] = (await Promise.all(named)) as [Process, Process, Process];
    await source.manage('POST', '/provider/found', { platform: null, subscriptions: 0, users: {} });
  });
  afterAll(async () => {
    for (const instance of [source, standby, other]) {
      instance.kill();
      await instance.ended;
    }
    await rm(folder, { recursive: true });
  });

  const write = async (at: Process, number: number) =>
    await at.client<{ counter: number; instance: string }>('POST', '/users/u1/writes', { number });
  const stateOf = async (at: Process): Promise<Said> =>
    (await at.manage<Said>('GET', '/relocation/v1/state?users=*')).body;

  it('a standby tells what it has been given, takes over with it, and is found from every other instance', async () => {
    const introduction = { relocation: 'r', users: '*', source: source.endpoint, chunk: [], epoch: 1 };
    expect((await standby.contract('copy', introduction)).status).toBe(204);
    expect((await other.contract('copy', { ...introduction, relocation: 'r2' })).status).toBe(204);
    expect((await stateOf(standby)).copies).toMatchObject([{ copiedUsers: 0, secondsAgo: null }]);
    await source.contract('promise', { relocation: 'r', users: '*', target: standby.endpoint });
    for (const number of [1, 2, 3]) expect((await write(source, number)).status).toBe(200);
    await until(async () => (await stateOf(standby)).copies[0]?.count === 3, 'the copy ahead');
    expect((await stateOf(standby)).copies).toMatchObject([
      { relocation: 'r', copiedUsers: 1, count: 3, prepared: false, secondsAgo: expect.any(Number) },
    ]);

    source.kill();
    await source.ended;
    const takeover = { relocation: 't', users: '*', epoch: 2 ** 40, elsewhere: [] };
    const spared = { ...takeover, to: standby.endpoint, spared: true };
    expect(await other.contract('supersede', spared)).toMatchObject({ status: 200, body: { users: 0, kept: [] } });
    const own = { ...takeover, to: null, spared: false };
    const answer = { status: 200, body: { users: 1, count: 3, kept: [] } };
    expect(await standby.contract('supersede', own)).toMatchObject(answer);
    expect(await standby.contract('supersede', own)).toMatchObject(answer);
    expect((await write(other, 4)).body).toMatchObject({ counter: 4, instance: 'standby' });
    expect((await write(standby, 4)).body).toMatchObject({ counter: 4 });

    const late = { relocation: 'r3', users: 'u1', source: source.endpoint, chunk: [], epoch: 1 };
    expect(await other.contract('copy', late)).toMatchObject({ status: 409, body: { type: 'Outdated' } });
    expect(await standby.contract('supersede', { ...own, relocation: 't2', epoch: 2 ** 41 })).toMatchObject({
      status: 409,
      body: { type: 'Authority' },
    });
    expect(await other.contract('supersede', { ...spared, relocation: 't3', epoch: 7 })).toMatchObject({
      status: 409,
      body: { type: 'Outdated' },
    });
  });
}
