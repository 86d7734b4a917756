import { Router } from 'express';
import { Faults, type FaultOrder, type Fault } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';

/** One exchange between two Ferrys, all that is said in it. */
export interface Crossing {
  /** Whose outer listener was asked. */
  readonly to: string;
  readonly method: string;
  readonly path: string;
  readonly asked: string;
  status: number | null;
  answered: string;
  /** Whoever asked was still there when it was answered. */
  heard: boolean;
}

const CARRIED = [
  'content-type',
  'etag',
  'location',
  'link',
  'retry-after',
  'www-authenticate',
  'allow',
  'cache-control',
];
const SENT = ['authorization', 'content-type', 'if-none-match', 'if-match', 'accept', 'user-agent'];

/** Stands in front of outer listeners: writes down whatever crosses, and goes wrong on demand, as peers of the sandbox do. */
export class Border {
  readonly crossings: Crossing[] = [];
  readonly #around = { journal: new Journal(), faults: new Faults() };
  readonly #peers: Peer[] = [];

  /** `name` of the operator whose listener is at `inner`; partners are led to `address`. */
  async stand(name: string, address: string, inner: string): Promise<void> {
    const routes = Router().use(async (req, res) => {
      const headers = Object.fromEntries(
        SENT.flatMap((header) => (req.headers[header] === undefined ? [] : [[header, String(req.headers[header])]])),
      );
      const body = req.body === undefined ? '' : JSON.stringify(req.body);
      const crossing: Crossing = {
        to: name,
        method: req.method,
        path: req.originalUrl,
        asked: JSON.stringify({ ...headers, authorization: undefined, body }),
        status: null,
        answered: '',
        heard: false,
      };
      res.once('finish', () => (crossing.heard = true));
      this.crossings.push(crossing);
      const answer = await fetch(`${inner}${req.originalUrl}`, {
        method: req.method,
        headers,
        redirect: 'manual',
        ...(body !== '' && { body }),
      }).catch(() => undefined);
      if (answer === undefined) {
        req.socket.resetAndDestroy(); // nobody listens behind it
        return;
      }
      const text = await answer.text();
      crossing.status = answer.status;
      crossing.answered = JSON.stringify({ headers: [...answer.headers], text });
      res.status(answer.status);
      for (const header of CARRIED) {
        const value = answer.headers.get(header);
        if (value !== null) res.setHeader(header, value);
      }
      res.end(text);
    });
    this.#peers.push(await servePeer({ name, address, port: 8701, routes, state: () => null }, this.#around));
  }

  fault(order: FaultOrder): Fault {
    return this.#around.faults.add(order);
  }

  clear(): void {
    this.#around.faults.clear();
  }

  async close(): Promise<void> {
    this.clear();
    await Promise.all(this.#peers.map(async (peer) => await peer.close()));
  }
}
