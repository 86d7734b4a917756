import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { keepsTheContract, Served } from '../sandbox/application.suite.ts';
import type { Process } from '../sandbox/application.world.ts';

type Instances = Pick<ReturnType<typeof keepsTheContract>, 'start' | 'prepared' | 'handOver'>;

/** What templates do beyond the contract: they write down what they accept, where they are given a folder. */
export function keepsWhatItAccepted(NET: number, { start, prepared, handOver }: Instances): void {
  const write = async (at: Process, user: string, number: number) =>
    await at.client<Served & { type?: string }>('POST', `/users/${user}/writes`, {
      number,
      value: `${user} ${number}`,
    });

  it('is a standby of nobody when it is started again, and has what it had accepted once it is founded anew', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'journal-'));
    const env = { DATA_DIR: folder };
    try {
      const [source, target] = await Promise.all([
        start('source', `127.${NET}.40.1`, env),
        start('target', `127.${NET}.40.2`),
      ]);
      await source.manage('POST', '/provider/found', {});
      for (const user of ['stays', 'goes']) for (const number of [1, 2]) await write(source, user, number);
      await prepared('r', 'goes', source, target);
      expect((await handOver('r', source, target)).status).toBe(200);
      await write(source, 'stays', 3);
      source.kill();
      await source.ended;

      const again = await start('again', source.host, env);
      expect((await write(again, 'stays', 4)).body.type).toBe('NoAuthority');
      await again.manage('POST', '/provider/found', {});
      expect((await write(again, 'stays', 3)).body).toMatchObject({ counter: 3, instance: 'again' });
      expect((await write(again, 'stays', 4)).body).toMatchObject({ counter: 4, instance: 'again' });
      expect((await write(again, 'goes', 3)).body).toMatchObject({ counter: 3, instance: 'target' });
      expect((await again.client('GET', '/users/stays')).body).toMatchObject({ value: 'stays 4' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is not founded anew where it had given everybody away', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'journal-'));
    const env = { DATA_DIR: folder };
    try {
      const source = await start('source', `127.${NET}.41.1`, env);
      const target = await start('target', `127.${NET}.41.2`);
      await source.manage('POST', '/provider/found', {});
      await write(source, 'u', 1);
      await prepared('r', '*', source, target);
      await handOver('r', source, target);
      source.kill();
      await source.ended;
      const again = await start('again', source.host, env);
      const { status, body } = await again.manage<{ type: string }>('POST', '/provider/found', {});
      expect([status, body.type]).toEqual([409, 'NotServing']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
