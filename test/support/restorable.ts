import { exchange } from '../../sandbox/application/exchange.ts';
import { headersFor, type Proof, schemeFor } from '../../sandbox/application/proof.ts';
import type { Stage } from './stage.ts';

interface World {
  readonly peers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly network: {
    readonly zone: unknown;
    readonly networks: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
}

/** The world as far as an undo has to restore it, while the cloud's first instance serves the users. */
export async function restorable(stage: Stage, net: number, proof: Proof = {}): Promise<unknown> {
  const { peers, network } = await stage.sandbox<World>('/state');
  const {
    repository: _files, // never changed by Ferry
    oss: _orders, // the record of what was asked, the dry order of 6.6.3 included
    ...rest
  } = peers;
  const url = `${schemeFor(proof)}://127.${net}.41.1:7001/relocation/v1/state?users=*`;
  const asked = { method: 'GET', headers: headersFor(proof), certificate: proof.certificate };
  const { body } = await exchange(url, asked, '', 10_000);
  const { role, users, promisedTo } = JSON.parse(body.toString()) as Record<string, unknown>;
  return {
    // packages are named by their content, kept and reported: no undo removes them
    peers: Object.fromEntries(Object.entries(rest).map(([name, { packages: _kept, ...state }]) => [name, state])),
    zone: network.zone,
    // open connections, and counts of what was redirected, are traffic
    networks: Object.entries(network.networks).map(([name, { rules, answers }]) => ({ name, rules, answers })),
    application: { role, users, promisedTo },
  };
}
