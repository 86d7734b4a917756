import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'undici';

/** A process of Node's that was started with this opens its inspector at a port of its own when it is sent SIGUSR1. */
export const INSPECTABLE = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' };

const LISTENING = /Debugger listening on (ws:\S+)/;
const LOOK_MS = 50;
const LIMIT_MS = 30_000;

interface Told {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly sessionId: string; readonly message?: string };
  readonly result?: { readonly usedSize?: number };
  readonly error?: { readonly message: string };
}
type Ask = (method: string) => Promise<NonNullable<Told['result']>>;

/**
 * What a process keeps: the heaps of all its threads once their garbage is collected. What is resident goes up and down with
 * when V8 collects, by half of it; this does not. It is asked through Node's own inspector, so that who is measured is as it is.
 */
export class Kept {
  readonly #socket: WebSocket;
  readonly #answers = new Map<string, (told: Told) => void>();
  /** Of threads: workflows live in one of their own. */
  readonly #threads = new Set<string>();
  #serial = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#heard(JSON.parse(String(data)) as Told));
  }

  /** `log`: where its standard error goes. */
  static async by({ pid, log }: { readonly pid: number; readonly log: string }): Promise<Kept> {
    process.kill(pid, 'SIGUSR1');
    const url = await listening(log);
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)), { once: true });
    });
    const kept = new Kept(socket);
    await kept.#ask('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return kept;
  }

  /** Bytes, in all heaps together. */
  async bytes(): Promise<number> {
    const heaps: Ask[] = [
      async (method) => await this.#ask(method),
      ...[...this.#threads].map(
        (thread): Ask =>
          async (method) =>
            await this.#askThread(thread, method),
      ),
    ];
    let sum = 0;
    for (const ask of heaps) {
      await ask('HeapProfiler.collectGarbage');
      sum += (await ask('Runtime.getHeapUsage')).usedSize ?? 0;
    }
    return sum;
  }

  leave(): void {
    this.#socket.close();
  }

  async #ask(method: string, params: object = {}): Promise<NonNullable<Told['result']>> {
    const id = (this.#serial += 1);
    return await this.#answered(String(id), () => this.#socket.send(JSON.stringify({ id, method, params })));
  }

  async #askThread(sessionId: string, method: string): Promise<NonNullable<Told['result']>> {
    const id = (this.#serial += 1);
    const message = JSON.stringify({ id, method });
    return await this.#answered(`${sessionId} ${id}`, () => {
      void this.#ask('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(() => undefined);
    });
  }

  async #answered(key: string, send: () => void): Promise<NonNullable<Told['result']>> {
    const late = new AbortController();
    try {
      const answer = new Promise<Told>((resolve) => this.#answers.set(key, resolve));
      send();
      const told = await Promise.race([answer, pause(LIMIT_MS, undefined, { signal: late.signal })]);
      if (told?.result === undefined) throw new Error(`no heap was told of: ${told?.error?.message ?? 'no answer'}`);
      return told.result;
    } finally {
      late.abort();
      this.#answers.delete(key);
    }
  }

  #heard({ id, method, params: { sessionId = '', message = '' } = { sessionId: '' }, ...told }: Told): void {
    if (method === 'NodeWorker.attachedToWorker') this.#threads.add(sessionId);
    if (method === 'NodeWorker.detachedFromWorker') this.#threads.delete(sessionId);
    if (id !== undefined) this.#answers.get(String(id))?.(told);
    if (method !== 'NodeWorker.receivedMessageFromWorker') return;
    const heard = JSON.parse(message) as Told;
    this.#answers.get(`${sessionId} ${heard.id}`)?.(heard);
  }
}

async function listening(log: string): Promise<string> {
  for (let left = LIMIT_MS; left > 0; left -= LOOK_MS) {
    const url = LISTENING.exec(readFileSync(log, 'utf8'))?.[1];
    if (url !== undefined) return url;
    await pause(LOOK_MS);
  }
  throw new Error(`no inspector was opened: see ${log}`);
}
