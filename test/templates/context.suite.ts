import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Process, until } from '../sandbox/application.world.ts';

/** The file that is the provider's, as another provider has it: in each language. Members may be called as he likes. */
export const another = {
  typescript: `
export interface Context {
  readonly items: Readonly<Record<string, number>>;
  readonly said: readonly string[];
  readonly accepted: string;
  readonly to: null;
}
export const empty: Context = { items: {}, said: [], accepted: 'terms', to: null };
export const written = ({ items, said, ...rest }: Context, value: unknown): Context => {
  const item = String(value);
  return { ...rest, items: { ...items, [item]: (items[item] ?? 0) + 1 }, said: [...said, item] };
};
`,
  python: `
EMPTY = {"items": {}, "said": [], "accepted": "terms", "to": None}


def written(context, value):
    context["items"][value] = context["items"].get(value, 0) + 1
    context["said"].append(value)
    return context
`,
};

interface Held {
  readonly users: readonly { readonly user: string; readonly role: string; readonly context: unknown }[];
}

/** `made` makes the template ready in a folder, with a context of another shape. */
export function carriesWhateverIsKept(NET: number, made: (folder: string) => Promise<readonly string[]>): void {
  it('carries a context of any shape whole: started again, handed over and taken over', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'context-'));
    const running: Process[] = [];
    try {
      const command = await made(folder);
      const start = async (id: string, nth: number, env?: Record<string, string>): Promise<Process> => {
        const instance = await Process.start(id, `127.${NET}.42.${nth}`, command, env);
        running.push(instance);
        return instance;
      };
      const write = async (at: Process, number: number, value: string) =>
        (await at.client<{ counter: number }>('POST', '/users/u/writes', { number, value })).body.counter;
      const held = async (at: Process) =>
        (await at.manage<Held>('GET', '/provider/state')).body.users.find(({ user }) => user === 'u');
      const copied = async (relocation: string, from: Process, to: Process): Promise<void> => {
        await to.contract('copy', { relocation, users: 'u', source: from.endpoint, chunk: [] });
        await until(async () => {
          const promised = { relocation, users: 'u', target: to.endpoint };
          return (await from.contract<{ copied: number }>('promise', promised)).body.copied === 1;
        }, 'he is copied ahead');
      };
      const kept = (said: readonly string[], milk: number) => ({
        role: 'authority',
        context: { items: { milk, bread: 1 }, said, accepted: 'terms', to: null },
      });

      const env = { DATA_DIR: folder };
      const source = await start('source', 1, env);
      expect((await source.manage('POST', '/provider/found', {})).status).toBe(200);
      expect([await write(source, 1, 'milk'), await write(source, 2, 'bread'), await write(source, 1, 'milk')]).toEqual(
        [1, 2, 2],
      );
      // What one writes into his is in nobody else's
      const { users } = (await source.manage<Held>('GET', '/provider/state')).body;
      expect(users.find(({ user }) => user === '*')).toMatchObject({ context: { items: {}, said: [] } });
      source.kill();
      await source.ended;
      const again = await start('again', 1, env);
      expect((await again.manage('POST', '/provider/found', {})).status).toBe(200);
      expect(await held(again)).toMatchObject(kept(['milk', 'bread'], 1));

      const [target, heir] = [await start('target', 2), await start('heir', 3)];
      // Nobody is taken without it
      const without = {
        relocation: 'r0',
        users: 'v',
        source: again.endpoint,
        chunk: [{ user: 'v', epoch: 1, accepted: [] }],
      };
      expect((await target.contract('copy', without)).status).toBe(400);
      await copied('r', again, target);
      expect((await again.contract('handOver', { relocation: 'r', target: target.endpoint })).status).toBe(200);
      expect(await write(target, 3, 'milk')).toBe(3);
      expect(await held(target)).toMatchObject(kept(['milk', 'bread', 'milk'], 2));

      await copied('r2', target, heir);
      target.kill();
      await heir.contract('supersede', { relocation: 'r3', users: 'u', epoch: 9, to: null });
      expect(await held(heir)).toMatchObject(kept(['milk', 'bread', 'milk'], 2));
    } finally {
      for (const instance of running) instance.kill();
      await Promise.all(running.map(async ({ ended }) => await ended));
      await rm(folder, { recursive: true });
    }
  });
}
