import { Client, Connection } from '@temporalio/client';
import { type Ferry, startFerry } from './ferry.ts';
import { configurationFor, type Peers, startPeers } from './peers.ts';
import { startTemporal, type Temporal } from './server.ts';
import { startTwins, type Twins } from './twins.ts';

/** A server, peers, a worker of Ferry and one of twins: what costs most of its time to start is started once. */
export interface Shared {
  readonly temporal: Temporal;
  readonly namespace: string;
  readonly client: Client;
  readonly peers: Peers;
  readonly ferry: Ferry;
  readonly twins: Twins;
}

const NAMESPACE = 'shared';
/** Pairs of hosts, applications that Ferry knows. */
const [PAIRS, APPLICATIONS] = [4, 100];

interface Begun extends Shared {
  readonly end: () => Promise<void>;
}

/** Is there while somebody needs it. */
export class SharedStage {
  readonly #folder: string;
  #begun: Promise<Begun> | undefined;
  #times = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** As it was at first, but for what its programs remember. */
  async use(): Promise<Shared> {
    this.#begun ??= begin(this.#folder, `shared-${(this.#times += 1)}`);
    const shared = await this.#begun;
    await shared.peers.behave({ latencyMs: 0, operationMs: 0, polls: 0, gate: false, failing: 0, oneIn: 0 });
    await shared.peers.forget();
    return shared;
  }

  async end(): Promise<void> {
    const begun = this.#begun;
    this.#begun = undefined;
    await (await begun?.catch(() => undefined))?.end();
  }
}

async function begin(folder: string, name: string): Promise<Begun> {
  const [temporal, peers] = await Promise.all([startTemporal(folder, name, [NAMESPACE]), startPeers(PAIRS)]);
  const configuration = configurationFor(peers, APPLICATIONS, { pace: { retryMs: 100 } });
  const [ferry, twins, connection] = await Promise.all([
    startFerry(temporal, { namespace: NAMESPACE, folder, name, configuration }),
    startTwins(temporal, NAMESPACE),
    Connection.connect({ address: temporal.address }),
  ]);
  const client = new Client({ connection, namespace: NAMESPACE });
  const end = async (): Promise<void> => {
    await connection.close();
    await Promise.all([ferry.stop(), twins.stop()]);
    await Promise.all([temporal.stop(), peers.stop()]);
  };
  return { temporal, namespace: NAMESPACE, client, peers, ferry, twins, end };
}
