import { type CertificateFiles, filesOf } from '../certificates/files.ts';
import type { Plan, Unfederated } from '../configuration.ts';
import { issuersOf, SCOPE_OF_PEERS } from '../issuers/clients.ts';
import { secretFile } from '../issuers/secrets.ts';
import { configurationOfA, systemsOfA } from '../operators/a.ts';
import { configurationOfB, systemsOfB } from '../operators/b.ts';
import type { SystemPlace } from '../peers/system.ts';
import type { Topology } from './topology.ts';

const ids = ['a', 'b'] as const;
type Id = (typeof ids)[number];

const [INNER, OUTER] = [8700, 8701];
const GATEWAY = { inner: 8702, outer: 8703 };
/** As a Ferry shows services of partners at a platform, and the assistant's two applications. */
const residents: Readonly<Record<string, readonly string[]>> = { a2: ['navigation'], b1: ['speech'] };
/** Its orchestrator speaks MEC 040 alone: what its system has is looked at. */
const SILENT = 'wifi';
const country = 'DE';
const identities = {
  a: { id: 'operator-a', name: 'Operator A', country, mcc: '001', mncs: ['01'] },
  b: { id: 'operator-b', name: 'Operator B', country, mcc: '001', mncs: ['02'] },
};

const outerOf = (net: number, id: Id) => ({ address: `127.${net}.${id === 'a' ? 10 : 50}.1`, port: OUTER });
const urlOf = (net: number, id: Id): string => `http://${outerOf(net, id).address}:${OUTER}`;

const gatewayOf = (net: number, id: Id) => {
  const address = `127.${net}.${id === 'a' ? 10 : 50}.2`;
  return { inner: { address, port: GATEWAY.inner }, outer: { address, port: GATEWAY.outer } };
};
const httpAt = ({ address, port }: { address: string; port: number }): string => `http://${address}:${port}`;

/** In seconds what takes minutes between operators. */
const pace = { aliveSeconds: 2, lostAfterSeconds: 10, validSeconds: 5, missSeconds: 1, askMs: 2_000 };

/** What an operator is to others, and agreed upon with the other one. */
function federation(plan: Plan, secrets: string, own: Id): object {
  const { net } = plan;
  const partner = own === 'a' ? 'b' : 'a';
  const [ours, theirs] = [issuerOf(plan, own), issuerOf(plan, partner)];
  const tls = tlsOf(plan, own);
  const name = identities[partner].id;
  const secret = { file: secretFile(secrets, partner, identities[own].id) };
  return {
    operator: identities[own],
    url: urlOf(net, own),
    gateway: { inner: httpAt(gatewayOf(net, own).inner), outer: httpAt(gatewayOf(net, own).outer) },
    issuers: { own: { issuer: ours.issuer, audience: ours.audience, ...tls } },
    partners: {
      [name]: {
        operator: name,
        url: urlOf(net, partner),
        insecure: true,
        hosts: [outerOf(net, partner).address, gatewayOf(net, partner).outer.address],
        client: { issuer: theirs.issuer, id: identities[own].id, secret, ...tls },
        accepts: { issuer: 'own', client: name },
      },
    },
    shares: [{ of: '*', with: name, services: ['*'], zones: ['*'] }],
    pace,
  };
}

/** What an operator's Ferry shows authorization servers that ask for a certificate. */
const tlsOf = ({ certificates }: Plan, id: Id): { tls?: CertificateFiles } =>
  certificates === undefined ? {} : { tls: filesOf(certificates.folder, identities[id].id) };

function issuerOf({ net, certificates }: Pick<Plan, 'net' | 'certificates'>, id: Id) {
  const found = issuersOf(net, certificates !== undefined).find(({ operator }) => operator === id);
  if (found === undefined) throw new Error(`operator ${id} has no issuer`);
  return found;
}

/** Its orchestrators register their systems themselves: each is a client of the operator's issuer, by its name. */
const registered = ({ systems, peers, ...others }: Unfederated): Unfederated => ({
  ...others,
  systems: Object.fromEntries(
    Object.entries(systems).map(([name, system]) => [name, { ...system, client: system.meo }]),
  ),
  peers: Object.fromEntries(
    Object.entries(peers).map(([name, peer]) => [
      name,
      Object.entries(systems).some(([system, { meo }]) => meo === name && system !== SILENT)
        ? { ...peer, mfm: `${peer.url}/mfm/v1` }
        : peer,
    ]),
  ),
});

/** Its peers may ask who calls: each of them trusts the operator's issuer. */
function known(plan: Plan, secrets: string, id: Id, { peers, ...others }: Unfederated): Unfederated {
  const secret = { file: secretFile(secrets, id, 'ferry') };
  const { issuer } = issuerOf(plan, id);
  const client = { issuer, id: 'ferry', secret, scopes: [SCOPE_OF_PEERS], ...tlsOf(plan, id) };
  return {
    ...others,
    peers: Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, { ...peer, client }])),
  };
}

/** Operators A and B, each with a Ferry of its own. */
export const pair: Topology = {
  issuers: true,
  assistant: true,
  systems: (net, ferry, secrets) => {
    const registering = (id: Id, url: string) => (place: SystemPlace) => {
      const client = `meo-${place.name}`;
      const { url: issuer } = issuerOf({ net }, id);
      const secret = secretFile(secrets, id, client);
      const hosts = place.hosts.map((host) => ({
        ...host,
        residents: ['ferry-gateway', ...(residents[host.id] ?? [])],
      }));
      return {
        ...place,
        hosts,
        federator: {
          url,
          issuer,
          client,
          secretFile: secret,
          provider: identities[id].name,
          tells: place.name !== SILENT,
        },
      };
    };
    const inner = `http://127.${net}.50.1:${INNER}`;
    return [...systemsOfA(net).map(registering('a', ferry)), ...systemsOfB(net).map(registering('b', inner))];
  },
  ferries: (plan, built, archive, secrets) => {
    const { net } = plan;
    const configurations = { a: configurationOfA(plan, built, archive), b: configurationOfB(plan) };
    return ids.map((id) => ({
      operator: identities[id].id,
      configuration: {
        ...known(plan, secrets, id, registered(configurations[id])),
        federation: federation(plan, secrets, id),
      },
      inner: id === 'a' ? null : { address: `127.${net}.50.1`, port: INNER },
      outer: outerOf(net, id),
      gateway: gatewayOf(net, id),
    }));
  },
};
