import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Between two programs: passes every byte on, keeps it, and breaks when it is told to. */
export class Wire {
  /** What crossed, in either direction. */
  said = '';
  #way: 'whole' | 'cut' | 'mute' = 'whole';
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async between(address: string, port: number, to: { host: string; port: number }): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(server);
    server.on('connection', (near) => wire.#join(near, to));
    await once(server.listen(port, address), 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get open(): number {
    return this.#sockets.size / 2;
  }

  /** `cut`: nobody is reached, and who was is cut off. `mute`: nothing is heard any more. */
  set way(way: 'whole' | 'cut' | 'mute') {
    this.#way = way;
    if (way === 'cut') for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #join(near: Socket, to: { host: string; port: number }): void {
    if (this.#way === 'cut') return void near.destroy();
    const far = connect(to);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes) => {
        this.said += bytes.toString('latin1');
        if (this.#way !== 'mute') into.write(bytes);
      });
      from.on('end', () => into.end()).on('error', () => into.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        into.destroy();
      });
    }
  }

  async close(): Promise<void> {
    this.way = 'cut';
    this.#server.close();
    await once(this.#server, 'close');
  }
}
