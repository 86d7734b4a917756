import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Endpoint } from '../domain/endpoint.ts';
import { type Copied, difference } from './copied.ts';
import { base } from '../protocols/application/contract.ts';

/**
 * What one instance tells another. `copy` is a call of the contract. What the others are called is the application's affair:
 * the first of a hand-over asks the target to prepare, the first by another path tells it the decision.
 */
export type Kind = 'copy' | 'prepare' | 'commit' | 'other';

/**
 * What becomes of such messages: delivered; lost, as is a connection that breaks; never answered, and not delivered; delivered,
 * but the answer kept back; or answered in the receiver's place, which never sees it.
 */
export type Fate = 'deliver' | 'lose' | 'hold' | 'keepAnswer' | 'forge';

interface Message {
  readonly kind: Kind;
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Something crossed here: for the trace. */
export type Crossed = (kind: Kind, came: string) => void;

const DELIVERY_MS = 10_000;
const HOP_BY_HOP = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding', 'content-length']);

/** Stands between two instances, at an address of its own that the sender takes for the receiver's. */
export class Between {
  readonly #server = createServer((req, res) => void this.#arrived(req, res));
  /** Nobody: whatever comes is lost. */
  readonly #receiver: Endpoint | null;
  readonly #crossed: Crossed;
  readonly #fates = new Map<Kind, Fate>();
  readonly #messages: Message[] = [];
  /** Since it was last said what becomes of them. */
  readonly #came = new Set<Kind>();
  readonly #answered = new Set<Kind>();
  readonly #seen = new Set<() => void>();
  readonly #kept = new Set<() => void>();
  /** In the order in which they were first asked for. */
  readonly #paths: string[] = [];

  constructor(receiver: Endpoint | null, crossed: Crossed) {
    [this.#receiver, this.#crossed] = [receiver, crossed];
  }

  async listen(host: string): Promise<Endpoint> {
    this.#server.listen(0, host);
    await once(this.#server, 'listening');
    return { host, port: (this.#server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    this.release();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  from(kind: Kind, fate: Fate): void {
    this.#fates.set(kind, fate);
    this.#came.delete(kind);
    this.#answered.delete(kind);
  }

  /** What was kept back goes on, and nothing is touched any more. */
  release(): void {
    this.#fates.clear();
    for (const goes of this.#kept) goes();
    this.#kept.clear();
  }

  /** Resolves to true when such a message has come by (and its answer too), else to false after a while. */
  async comes(kind: Kind, answered: boolean, patienceMs: number): Promise<boolean> {
    const there = (): boolean => (answered ? this.#answered : this.#came).has(kind);
    const deadline = AbortSignal.timeout(patienceMs);
    while (!there() && !deadline.aborted)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#seen.delete(wake);
          resolve();
        };
        this.#seen.add(wake);
        deadline.addEventListener('abort', wake, { once: true });
      });
    return there();
  }

  /** What was copied under a relocation, in the order in which it first came. */
  copiedUnder(relocation: string): Copied {
    const chunks = this.#messages
      .filter(({ kind }) => kind === 'copy')
      .flatMap(({ body }) => chunkIn(body, relocation));
    return chunks.filter((entry, nth) => chunks.findIndex((one) => difference(one, entry) === null) === nth);
  }

  /** Delivers the first such message once more; null: there was none, or nobody answers. */
  async again(kind: Kind): Promise<number | null> {
    const message = this.#messages.find((each) => each.kind === kind);
    return message === undefined ? null : ((await this.#deliver(message))?.status ?? null);
  }

  async #arrived(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const [path, method] = [req.url ?? '/', req.method ?? 'POST'];
    const message = { kind: this.#kindOf(path), path, method, headers: req.headers, body: Buffer.concat(chunks) };
    this.#messages.push(message);
    this.#came.add(message.kind);
    await this.#meets(message, res).catch(() => res.destroy());
    this.#notice();
  }

  async #meets(message: Message, res: ServerResponse): Promise<void> {
    const { kind } = message;
    const fate = this.#receiver === null ? 'lose' : (this.#fates.get(kind) ?? 'deliver');
    if (fate === 'lose') {
      this.#crossed(kind, 'lost on the way');
      res.destroy();
      return;
    }
    if (fate === 'forge') {
      this.#crossed(kind, '204, said in its place: it never came');
      res.writeHead(204).end();
      this.#answered.add(kind);
      return;
    }
    if (fate === 'hold') {
      this.#crossed(kind, 'nothing: it does not arrive');
      this.#notice();
      return void this.#kept.add(() => res.destroy());
    }
    const reply = await this.#deliver(message);
    if (reply === null) return void res.destroy();
    this.#answered.add(kind);
    const goes = (): void => void res.writeHead(reply.status, ends(reply.headers)).end(reply.body);
    this.#crossed(kind, fate === 'keepAnswer' ? `${reply.status}, which is kept back` : String(reply.status));
    if (fate === 'keepAnswer') this.#kept.add(goes);
    else goes();
  }

  #kindOf(path: string): Kind {
    if (path.startsWith(`${base}/copy`)) return 'copy';
    if (!this.#paths.includes(path)) this.#paths.push(path);
    return (['prepare', 'commit'] as const)[this.#paths.indexOf(path)] ?? 'other';
  }

  async #deliver({ path, method, headers, body }: Message): Promise<Reply | null> {
    if (this.#receiver === null) return null;
    const { host, port } = this.#receiver;
    const to = { host, port, path, method, headers: { ...ends(headers), 'content-length': body.length } };
    return await new Promise((resolve) => {
      const asked = request({ ...to, agent: false, signal: AbortSignal.timeout(DELIVERY_MS) }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
        answer.once('error', () => resolve(null));
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      });
      asked.once('error', () => resolve(null));
      asked.end(body);
    });
  }

  #notice(): void {
    for (const wake of this.#seen) wake();
  }
}

function chunkIn(body: Buffer, relocation: string): readonly unknown[] {
  try {
    const copy = JSON.parse(body.toString()) as { relocation?: unknown; chunk?: unknown };
    return copy.relocation === relocation && Array.isArray(copy.chunk) ? copy.chunk : [];
  } catch {
    return [];
  }
}

/** What one connection says to its other end concerns no other connection. */
const ends = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
