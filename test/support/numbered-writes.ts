import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

interface Context {
  counter: number;
  readonly accepted: Set<number>;
}

export const accept = (context: Context, number: number): number => {
  if (!context.accepted.has(number)) context.counter += 1;
  context.accepted.add(number);
  return context.counter;
};

/** A tiny application with the client protocol of the sandbox's: it accepts numbered writes, each once. */
export class NumberedWrites {
  readonly address: string;
  readonly users = new Map<string, Context>();
  /** Connections that were opened to it. */
  connections = 0;
  /** Answers carry `Connection: close`, as a relay's do. */
  closing = false;
  epoch = 1;
  /** In place of accepting: returns the counter to answer, undefined to answer nothing, null to reset the connection. */
  write: (context: Context, number: number) => number | undefined | null = accept;
  readonly #server: Server;

  constructor(address: string) {
    this.address = address;
    this.#server = createServer((req, res) => void this.#serve(req, res));
    this.#server.on('connection', () => void (this.connections += 1));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(7000, this.address, resolve));
    return this;
  }

  /** A well-behaved application that knows nobody and has seen no connection since. */
  reset(): void {
    this.users.clear();
    this.#server.closeAllConnections();
    this.connections = 0;
    this.closing = false;
    this.epoch = 1;
    this.write = accept;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { address, epoch } = this;
    const [, , user = '', writes] = (req.url ?? '').split('/');
    const context = this.users.get(user) ?? { counter: 0, accepted: new Set() };
    this.users.set(user, context);
    res.setHeader('Ferry-Instance', address).setHeader('Content-Type', 'application/json');
    if (this.closing) res.setHeader('Connection', 'close');
    if (writes === undefined) {
      const accepted = [...context.accepted].map((number) => [number, number]);
      res.end(JSON.stringify({ user, counter: context.counter, accepted, epoch }));
      return;
    }
    const { number } = (await json(req)) as { number: number };
    const counter = this.write(context, number);
    if (counter === null) req.socket.resetAndDestroy();
    else if (counter !== undefined) res.end(JSON.stringify({ user, number, counter, epoch, instance: address }));
  }
}
