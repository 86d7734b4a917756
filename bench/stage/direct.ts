import { request } from 'undici';
import type { Work } from '../twins/steps.ts';
import { SECRET } from './ferry.ts';
import { OWN_CORE, start } from './process.ts';

/** What carries out the same without anything durable. */
export interface Direct {
  readonly pid: number;
  readonly relocate: (n: number) => Promise<void>;
  readonly call: (all: readonly Work[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** `configuration`: the file of the Ferry that it is measured against. */
export async function startDirect(configuration: string, pairs = 1): Promise<Direct> {
  const args = ['--config', configuration, '--secret', SECRET, '--pairs', String(pairs)];
  const { pid, said, stop } = await start('bench/twins/direct.ts', args, { core: OWN_CORE });
  const order = async (path: string, body: object = {}): Promise<void> => {
    const url = `http://127.0.0.1:${String(said['port'])}/${path}`;
    const answer = await request(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`without durability: ${text}`);
  };
  return {
    pid,
    relocate: async (n) => await order(`relocate?n=${n}`),
    call: async (all) => await order('calls', all),
    stop,
  };
}
