import { connect } from 'node:net';
import type { Logger } from 'pino';
import { ANSWER_MS } from '../adapters/application/calls.ts';
import { type Call, Exchange } from '../adapters/http.ts';
import type { SecretReference } from '../adapters/oauth/secret.ts';
import { standingToken } from '../adapters/oauth/tokens.ts';
import type { TlsFiles } from '../adapters/secured.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import { Refused } from '../protocols/application/contract.ts';

/** What an instance said. Status null: nothing, or nothing that the contract knows; `told` says which. */
export interface Answered {
  readonly status: number | null;
  /** Of a refusal. */
  readonly type: string | null;
  /** What Ferry reads of it, after its schema; of a refusal the problem document. */
  readonly body: unknown;
  readonly told: string;
  /** It answered, and not as the contract has it. */
  readonly malformed: boolean;
}

/** Who asks, as `management` of a configuration says it. */
export interface Proof {
  readonly token?: SecretReference | undefined;
  readonly tls?: TlsFiles | undefined;
}

/** Every status is judged here, and not by the client. */
const REFUSALS = Array.from({ length: 200 }, (_, index) => 400 + index);

/** `about:blank` is as good as none (RFC 9457, 4.2.1): servers say so of a path that they do not know. */
function typeIn(body: unknown): string | null {
  const type = Refused.safeParse(body).data?.type ?? null;
  return type === 'about:blank' ? null : type;
}

/** A running instance, asked as Ferry asks it. */
export class Instance {
  readonly name: string;
  readonly url: URL;
  readonly #exchange: Exchange;

  constructor(name: string, url: URL, { token, tls }: Proof, log: Logger) {
    [this.name, this.url] = [name, url];
    this.#exchange = new Exchange(
      { name, url: url.origin, timeoutMs: ANSWER_MS, tls },
      log,
      token && standingToken(token, name),
    );
  }

  /** As bodies name it. */
  get endpoint(): Endpoint {
    const { hostname, port, protocol } = this.url;
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
  }

  async ask<T>(call: Call<T>): Promise<Answered> {
    try {
      const signal = AbortSignal.timeout(2 * ANSWER_MS);
      const { status, body, told } = await this.#exchange.ask({ ...call, alsoExpect: REFUSALS }, signal);
      if (status < 300) return { status, type: null, body: body ?? null, told, malformed: false };
      return { status, type: typeIn(body), body: body ?? null, told, malformed: false };
    } catch (error) {
      const { type, message } = error as Error & { type?: unknown };
      return { status: null, type: null, body: null, told: message, malformed: type === 'PeerMalformed' };
    }
  }

  /** The address of this machine under which the instance meets us. */
  async ourAddress(): Promise<string> {
    return await new Promise((resolve, reject) => {
      const socket = connect(this.endpoint, () => {
        resolve((socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, ''));
        socket.destroy();
      });
      socket.once('error', reject);
    });
  }
}
