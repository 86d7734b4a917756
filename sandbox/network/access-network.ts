import { Faults } from '../faults.ts';
import { Journal } from '../journal.ts';
import { servePeer } from '../peer.ts';
import type { Binding } from './binding.ts';
import { type AddressRecord, serveDns } from './dns.ts';
import { Resolver } from './resolver.ts';
import { ActiveRules, type Rules } from './rules.ts';
import { type Connection, type Redirect, serveUserPlane } from './user-plane.ts';
import { vantageRoutes } from './vantage.ts';

/** Where an access network is reached: `prefix` is its part of the world, such as 127.10.2. */
export const accessAt = (prefix: string): { resolver: Binding; userPlane: Binding; vantage: Binding } => ({
  resolver: { address: `${prefix}.53`, port: 5300 },
  userPlane: { address: `${prefix}.80`, port: 8080 },
  vantage: { address: `${prefix}.90`, port: 8080 },
});

export interface AccessNetworkState {
  readonly rules: Rules;
  /** What its resolver answers now; empty: it does not resolve. */
  readonly answers: Readonly<Record<string, readonly AddressRecord[]>>;
  readonly connections: readonly Connection[];
  /** New connections that were led elsewhere, by rule, since the start. */
  readonly redirects: readonly Redirect[];
}

export interface AccessNetwork {
  readonly rules: ActiveRules;
  state(names: readonly string[]): Promise<AccessNetworkState>;
  close(): Promise<void>;
}

/** One resolver, one user plane and one vantage point that follow the same rules. */
export async function startAccessNetwork(
  name: string,
  prefix: string,
  upstream: Binding,
  certificates?: string,
): Promise<AccessNetwork> {
  const at = accessAt(prefix);
  const rules = new ActiveRules();
  const resolver = new Resolver(rules, upstream);
  const answers = async (asked: string) => await resolver.answer(asked);
  const [dns, userPlane, vantage] = await Promise.all([
    serveDns(`the resolver of ${name}`, at.resolver, { answers, authoritative: false }),
    serveUserPlane(name, at.userPlane, rules),
    servePeer(
      {
        name: `vantage-${name}`,
        ...at.vantage,
        routes: vantageRoutes({ ...at, address: at.vantage.address }),
        state: () => null,
      },
      { journal: new Journal(), faults: new Faults(), certificates },
    ),
  ]);
  const state = async (names: readonly string[]): Promise<AccessNetworkState> => {
    const resolved = names.map(async (asked) => [asked, await resolver.peek(asked)] as const);
    return {
      rules: rules.toJSON(),
      answers: Object.fromEntries(await Promise.all(resolved)),
      connections: userPlane.connections(),
      redirects: userPlane.redirects(),
    };
  };
  const close = async () => void (await Promise.all([dns.close(), userPlane.close(), vantage.close()]));
  return { rules, state, close };
}
