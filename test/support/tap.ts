import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

type When = 'before' | 'executed';

/** One write that is kept back: from the database, or its answer from whoever asked. */
export interface Kept {
  readonly held: boolean;
  release(): void;
}

interface Hold {
  readonly write: string;
  readonly when: When;
  held: boolean;
  release: () => void;
}

/**
 * Between programs and their database (PostgreSQL, protocol 3, in clear): tells each write once the server has it to carry out,
 * a transaction as one when it commits, and keeps one back on demand.
 */
export class Tap {
  readonly writes: string[] = [];
  readonly #holds: Hold[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async between(address: string, port: number, to: { host: string; port: number }): Promise<Tap> {
    const server = createServer();
    const tap = new Tap(server);
    server.on('connection', (near) => tap.#join(near, to));
    await once(server.listen(port, address), 'listening');
    return tap;
  }

  /** The next such write. */
  hold(write: string, when: When): Kept {
    const hold: Hold = { write, when, held: false, release: () => this.#drop(hold) };
    this.#holds.push(hold);
    return hold;
  }

  /** Forgets what was to be kept, and lets go what is. */
  clear(): void {
    for (const hold of this.#holds.slice()) hold.release();
  }

  #drop(hold: Hold): void {
    if (this.#holds.includes(hold)) this.#holds.splice(this.#holds.indexOf(hold), 1);
  }

  #join(near: Socket, to: { host: string; port: number }): void {
    const far = connect(to);
    const statements = new Statements();
    let answers: Buffer[] | undefined;
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('end', () => into.end()).on('error', () => into.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        into.destroy();
      });
    }
    far.on('data', (bytes) => void (answers === undefined ? near.write(bytes) : answers.push(bytes)));
    near.on('data', (bytes) => {
      const writes = statements.read(bytes);
      this.writes.push(...writes);
      const hold = this.#holds.find(({ write, held }) => !held && writes.includes(write));
      if (hold === undefined) {
        far.write(bytes);
        return;
      }
      hold.held = true;
      if (hold.when === 'before') {
        near.pause();
        hold.release = () => {
          this.#drop(hold);
          if (near.readyState === 'open') far.write(bytes); // whoever has died asks for nothing
          near.resume();
        };
        return;
      }
      answers = [];
      hold.release = () => {
        this.#drop(hold);
        for (const each of answers ?? []) near.write(each);
        answers = undefined;
      };
      far.write(bytes);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

const [QUERY, PARSE] = ['Q'.charCodeAt(0), 'P'.charCodeAt(0)];
const LEDGER = /announced|opened|closed/;

/** What one connection asks for, in its turn. */
class Statements {
  #rest = Buffer.alloc(0);
  #begun = false;
  #transaction: string[] | undefined;

  /** The writes that take effect with these bytes. */
  read(bytes: Buffer): string[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const done: string[] = [];
    for (let message = this.#next(); message !== undefined; message = this.#next())
      done.push(...this.#statement(message, bytes));
    return done;
  }

  /** The first message of a connection has no type. */
  #next(): string | undefined {
    for (;;) {
      const head = this.#begun ? 1 : 0;
      if (this.#rest.length < head + 4) return undefined;
      const size = head + this.#rest.readUInt32BE(head);
      if (this.#rest.length < size) return undefined;
      const message = this.#rest.subarray(0, size);
      this.#rest = this.#rest.subarray(size);
      const type = this.#begun ? message[0] : undefined;
      this.#begun = true;
      if (type !== QUERY && type !== PARSE) continue;
      // A query; or a name, usually none, and then the query
      return message.subarray(5).toString('utf8').split('\0')[type === PARSE ? 1 : 0] ?? '';
    }
  }

  #statement(text: string, bytes: Buffer): string[] {
    const word = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase();
    if (word === 'begin' || word === 'start') this.#transaction = [];
    if (word === 'rollback') this.#transaction = undefined;
    if (word === 'commit') {
      const together = this.#transaction ?? [];
      this.#transaction = undefined;
      return together.length === 0 ? [] : [together.join(' + ')];
    }
    const write = writeOf(text, bytes);
    if (write === undefined) return [];
    if (this.#transaction === undefined) return [write];
    this.#transaction.push(write);
    return [];
  }
}

/** `update binding told`: what is done to which table, and the first column that is set; of the ledger what the line tells. */
function writeOf(text: string, bytes: Buffer): string | undefined {
  const [, verb = '', table = '', column = ''] =
    /^\s*(insert into|update|delete from)\s+"?(\w+)"?(?:[^;]*?\bset\s+"?(\w+)"?)?/i.exec(text) ?? [];
  if (verb === '') return undefined;
  const about = table === 'ledger' ? (LEDGER.exec(bytes.toString('latin1'))?.[0] ?? '') : column;
  return [verb.split(' ')[0]?.toLowerCase(), table, /^update/i.test(verb) || table === 'ledger' ? about : '']
    .join(' ')
    .trim();
}
