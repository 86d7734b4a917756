import type { Logger } from 'pino';
import { failure } from '../activities/failure.ts';
import { Exchange } from '../adapters/http.ts';
import { Tokens } from '../adapters/oauth/tokens.ts';
import type { Client } from '../configuration/credentials.ts';
import type { Configuration, Peer } from '../configuration/peers.ts';

/** The peers of the configuration, with one exchange each: its connections are shared by all who ask that peer. */
export class Peers {
  readonly #records: ReadonlyMap<string, Peer>;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #tokens = new Map<string, Tokens>();
  readonly #log: Logger;

  constructor({ peers }: Pick<Configuration, 'peers'>, log: Logger) {
    this.#records = new Map(Object.entries(peers));
    this.#log = log;
  }

  get all(): readonly (readonly [name: string, record: Peer])[] {
    return [...this.#records];
  }

  exchange(name: string): Exchange {
    return this.#exchangeAt(name, this.#record(name).url);
  }

  /** Mfm-fed of each MEC system whose MEO speaks it: asked as that MEO is. */
  mfmOf(systems: Configuration['systems']): ReadonlyMap<string, Exchange> {
    return new Map(
      Object.entries(systems).flatMap(([system, { meo }]) => {
        const { mfm } = this.meo(meo);
        return mfm === undefined ? [] : [[system, this.#exchangeAt(meo, mfm)] as const];
      }),
    );
  }

  #exchangeAt(name: string, url: string): Exchange {
    const { timeoutMs, tls, client } = this.#record(name);
    const key = `${name} ${url}`;
    const exchange =
      this.#exchanges.get(key) ??
      new Exchange({ name, url, timeoutMs, tls }, this.#log, client && this.#tokensOf(name, client, timeoutMs));
    this.#exchanges.set(key, exchange);
    return exchange;
  }

  /** One token for all peers where we are the same client: they trust the same authorization server. */
  #tokensOf(name: string, client: Client, timeoutMs: number): Tokens {
    const key = JSON.stringify(client);
    const title = `authorization server ${new URL(client.issuer).host}`;
    const insecure = client.issuer.startsWith('http:'); // which the configuration allows here
    const tokens = this.#tokens.get(key) ?? new Tokens({ ...client, name, title, timeoutMs, insecure }, this.#log);
    this.#tokens.set(key, tokens);
    return tokens;
  }

  meo(name: string): Extract<Peer, { kind: 'meo' }> {
    const record = this.#record(name);
    if (record.kind !== 'meo') throw failure('UnknownName', `${name} is no MEO`);
    return record;
  }

  #record(name: string): Peer {
    const record = this.#records.get(name);
    if (record === undefined) throw failure('UnknownName', `no peer is called ${name}`);
    return record;
  }
}
