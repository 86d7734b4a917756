import type { z } from 'zod';
import type { Tls } from './credentials.ts';
import { isLoopback, mistakeInRange, overlap, rangeOf } from './addresses.ts';
import type { Federation } from './federation.ts';
import type { ApplicationRecord, Network, Peer, SiteRecord, System } from './peers.ts';

/** Records by name; undefined: it is there, but is no such record, which is told elsewhere. */
type Named<Record> = Readonly<globalThis.Record<string, Record | undefined>>;

export interface Readable {
  readonly peers: Named<Peer>;
  readonly networks: Named<z.output<typeof Network>>;
  readonly systems: Named<z.output<typeof System>>;
  readonly sites: Named<z.output<typeof SiteRecord>>;
  readonly applications: Named<z.output<typeof ApplicationRecord>>;
  readonly federation?: Federation | undefined;
}

interface Mistake {
  readonly path: readonly string[];
  readonly message: string;
}

/** Where records contradict one another, or name what is not there. */
export const contradictions = (all: Readable): Mistake[] => [
  ...plainHttp(all),
  ...mentions(all),
  ...sharedAddresses(all),
  ...sharedPorts(all),
  ...sharedZones(all),
  ...sharedNames(all),
  ...sharedLocations(all),
  ...ofFederation(all),
];

const entries = <Record>(records: Named<Record>): (readonly [string, Record])[] =>
  Object.entries(records).flatMap(([name, record]) => (record === undefined ? [] : [[name, record] as const]));

/** Tokens and positions of devices would be read by whoever listens. */
const plainHttp = ({ peers, federation }: Readable): Mistake[] => [
  ...inPlain(peers, 'peers'),
  ...mfmInPlain(peers),
  ...inPlain(federation?.partners ?? {}, 'federation', 'partners'),
  ...keysInPlain(federation?.issuers ?? {}),
  ...secretsInPlain(peers),
  ...secretsInPlainAtPartners(federation?.partners ?? {}),
  ...unusedTls({ peers, federation }),
];

const inPlain = (asked: Named<{ url: string; insecure?: true | undefined }>, ...at: readonly string[]): Mistake[] =>
  entries(asked).flatMap(([name, { url, insecure }]) => {
    const plain = /^http:/i.test(url);
    if (plain === (insecure === true)) return [];
    const message = plain
      ? `${name} would be asked by plain HTTP: give its https URL, or say "insecure": true`
      : `${name} is asked by HTTPS: leave out "insecure"`;
    return [{ path: [...at, name, plain ? 'url' : 'insecure'], message }];
  });

/** The same as its MEC 010-2: one word says both. */
const mfmInPlain = (peers: Readable['peers']): Mistake[] =>
  entries(peers).flatMap(([name, peer]) => {
    if (peer.kind !== 'meo' || peer.mfm === undefined || peer.insecure === true || !/^http:/i.test(peer.mfm)) return [];
    const message = `${name} would be told of bindings by plain HTTP: give its https URL, or say "insecure": true`;
    return [{ path: ['peers', name, 'mfm'], message }];
  });

/** Who stands on the way could put keys of his own in place of ours. */
const keysInPlain = (issuers: Federation['issuers']): Mistake[] =>
  entries(issuers).flatMap(([name, issuer]) =>
    isPrivate(issuer)
      ? []
      : [
          {
            path: ['federation', 'issuers', name, 'issuer'],
            message: `the keys of ${name} would be read by plain HTTP, and could be another's: give its https URL, or say "insecure": true`,
          },
        ],
  );

const secretsInPlain = (peers: Named<Peer>): Mistake[] =>
  entries(peers).flatMap(([name, { client }]) =>
    client === undefined || isPrivate(client)
      ? []
      : [
          {
            path: ['peers', name, 'client', 'issuer'],
            message: `our secret for ${name} would be sent by plain HTTP: give the https URL of its issuer, or say "insecure": true`,
          },
        ],
  );

/** There "insecure" of the partner speaks of its authorization server as well. */
const secretsInPlainAtPartners = (partners: Federation['partners']): Mistake[] =>
  entries(partners).flatMap(([name, { client, insecure }]) => {
    if (insecure === true || !/^http:/i.test(client.issuer)) return [];
    const message = `our secret for ${name} would be sent by plain HTTP: give the https URL of its issuer`;
    return [{ path: ['federation', 'partners', name, 'client', 'issuer'], message }];
  });

/** By plain HTTP nobody shows a certificate: whoever names one thinks otherwise. */
const unused = (url: string, tls: Tls | undefined, ...path: string[]): Mistake[] =>
  tls === undefined || !/^http:/i.test(url)
    ? []
    : [{ path: [...path, 'tls'], message: `${url} is plain HTTP, without TLS: give its https URL, or leave it out` }];

const unusedAtIssuer = (client: { issuer: string; tls?: Tls | undefined } | undefined, ...path: string[]): Mistake[] =>
  client === undefined ? [] : unused(client.issuer, client.tls, ...path, 'client');

function unusedTls({ peers, federation }: Pick<Readable, 'peers' | 'federation'>): Mistake[] {
  return [
    ...entries(peers).flatMap(([name, { url, tls, client }]) => [
      ...unused(url, tls, 'peers', name),
      ...unusedAtIssuer(client, 'peers', name),
    ]),
    ...entries(federation?.partners ?? {}).flatMap(([name, { url, tls, client }]) => [
      ...unused(url, tls, 'federation', 'partners', name),
      ...unusedAtIssuer(client, 'federation', 'partners', name),
    ]),
    ...entries(federation?.issuers ?? {}).flatMap(([name, { issuer, tls }]) =>
      unused(issuer, tls, 'federation', 'issuers', name),
    ),
  ];
}

function isPrivate({ issuer, insecure }: { issuer: string; insecure?: true | undefined }): boolean {
  const { protocol, hostname } = new URL(issuer);
  return insecure === true || protocol === 'https:' || isLoopback(hostname.replaceAll(/[[\]]/g, ''));
}

/** Every name that is mentioned is there, and is of the right kind. */
function mentions({ peers, networks, systems, sites }: Readable): Mistake[] {
  const mistakes: Mistake[] = [];
  const there = (what: string, among: Named<unknown>, name: string, ...path: string[]): void => {
    if (Object.hasOwn(among, name)) return;
    mistakes.push({ path, message: `there is no ${what} ${name}; there is ${listed(Object.keys(among))}` });
  };
  const peer = (kind: Peer['kind'], name: string | undefined, ...path: string[]): void => {
    if (name === undefined || (Object.hasOwn(peers, name) && peers[name] === undefined)) return;
    if (Object.hasOwn(peers, name) && peers[name]?.kind === kind) return;
    const those = entries(peers).flatMap(([other, record]) => (record.kind === kind ? [other] : []));
    mistakes.push({ path, message: `names no peer of kind ${kind}: ${name}; there is ${listed(those)}` });
  };
  for (const [name, { vantage, location }] of entries(networks)) {
    peer('vantage', vantage, 'networks', name, 'vantage');
    peer('location', location?.service, 'networks', name, 'location', 'service');
  }
  for (const [name, { meo, lcmProxy, network }] of entries(systems)) {
    peer('meo', meo, 'systems', name, 'meo');
    peer('lcmProxy', lcmProxy, 'systems', name, 'lcmProxy');
    there('network', networks, network, 'systems', name, 'network');
  }
  for (const [name, site] of entries(sites))
    if (site.kind === 'mecHost') {
      peer('platform', site.platform, 'sites', name, 'platform');
      there('system', systems, site.system, 'sites', name, 'system');
    } else {
      peer('cloud', site.manager, 'sites', name, 'manager');
      peer('oss', site.oss, 'sites', name, 'oss');
      peer('platform', site.services, 'sites', name, 'services');
    }
  return mistakes;
}

/** Instances of one orchestrator are told apart by where they are: an address is of one of its sites. */
function sharedAddresses({ systems, sites }: Readable): Mistake[] {
  const placed = entries(sites).flatMap(([name, site]) => {
    const by = site.kind === 'cloud' ? site.manager : Object.hasOwn(systems, site.system) && systems[site.system]?.meo;
    const known = typeof by === 'string' && mistakeInRange(site.addresses) === undefined;
    return known ? [{ name, site, by, range: rangeOf(site.addresses) }] : [];
  });
  return placed.flatMap((one, at) =>
    placed.slice(0, at).flatMap((other) => {
      if (one.by !== other.by) return [];
      const mistakes: Mistake[] = [];
      if (overlap(one.range, other.range))
        mistakes.push({
          path: ['sites', one.name, 'addresses'],
          message: `${one.site.addresses} overlaps ${other.site.addresses} of ${other.name}: ${one.by} has instances at both, and they are told apart by their addresses`,
        });
      if (one.site.kind === 'mecHost' && other.site.kind === 'mecHost' && one.site.host === other.site.host)
        mistakes.push({
          path: ['sites', one.name, 'host'],
          message: `${one.site.host} is ${other.name} already: one host of ${one.by} is one site`,
        });
      return mistakes;
    }),
  );
}

/** An instance is known by its endpoint for clients, so one port for clients means one port for the contract's calls. */
function sharedPorts({ applications }: Readable): Mistake[] {
  const kept = entries(applications).flatMap(([name, { port, management }]) =>
    management === undefined ? [] : [{ name, port, management: management.port }],
  );
  return kept.flatMap((one, at) => {
    const other = kept.slice(0, at).find(({ port, management }) => port === one.port && management !== one.management);
    if (other === undefined) return [];
    return [
      {
        path: ['applications', one.name, 'management', 'port'],
        message: `${one.management}, but ${other.name} with the same port ${one.port} has ${other.management}: give both the same, or another port`,
      },
    ];
  });
}

/** A zone is one place of one system, however many sites are in it. */
function sharedZones({ sites }: Readable): Mistake[] {
  const zones = entries(sites).flatMap(([name, site]) =>
    site.kind === 'mecHost' && site.zone !== undefined ? [{ name, system: site.system, ...site.zone }] : [],
  );
  return zones.flatMap((zone, nth) => {
    const other = zones.slice(0, nth).find(({ id }) => id === zone.id);
    const same = (['system', 'lat', 'lon', 'details', 'latencyMs'] as const).every(
      (member) => other?.[member] === zone[member],
    );
    if (other === undefined || same) return [];
    const message = `zone ${zone.id} is another one at ${other.name}: a zone has one system, one place, one latency and one text`;
    return [{ path: ['sites', zone.name, 'zone'], message }];
  });
}

/** MEC 040 tells systems apart by name and provider, whatever the case of letters: those without a client are named as here. */
function sharedNames({ systems, federation }: Readable): Mistake[] {
  if (federation === undefined) return [];
  const names = entries(systems).flatMap(([name, { client }]) => (client === undefined ? [name] : []));
  return names.flatMap((name, nth) => {
    const other = names.slice(0, nth).find((earlier) => earlier.toLowerCase() === name.toLowerCase());
    if (other === undefined) return [];
    const message = `${name} and ${other} differ in the case of letters alone, and are one name in a federation: rename one`;
    return [{ path: ['systems', name], message }];
  });
}

/** Where a device is says one network, or none. */
function sharedLocations({ networks }: Readable): Mistake[] {
  const zones = entries(networks).flatMap(([name, { location }]) =>
    (location?.zones ?? []).map((zone) => ({ name, zone, service: location?.service })),
  );
  return zones.flatMap((one, nth) => {
    const other = zones.slice(0, nth).find(({ zone, service }) => zone === one.zone && service === one.service);
    if (other === undefined) return [];
    const message = `zone ${one.zone} of ${one.service} is ${other.name} already: a device in it is in one network`;
    return [{ path: ['networks', one.name, 'location', 'zones'], message }];
  });
}

/** A caller is known by client and issuer, so no two may be one; what is shared is of somebody, with somebody. */
function ofFederation({ systems, federation }: Readable): Mistake[] {
  const clients = entries(systems).flatMap(([name, { client }]) =>
    client === undefined ? [] : [{ client, who: `system ${name}`, path: ['systems', name, 'client'] }],
  );
  if (federation === undefined)
    return clients.map(({ client, path }) => ({
      path,
      message: `${client} registers a system, but there is no federation`,
    }));
  const { partners, issuers, shares } = federation;
  const at = ['federation', 'partners'];
  const accepted = entries(partners).map(([name, { accepts }]) => ({
    client: accepts.client,
    who: `partner ${name}`,
    path: [...at, name, 'accepts', 'client'],
  }));
  const all = [...clients, ...accepted];
  return [
    ...all.flatMap(({ client, path }, nth) => {
      const other = all.slice(0, nth).find((earlier) => earlier.client === client);
      return other === undefined ? [] : [{ path, message: `${client} is ${other.who} already` }];
    }),
    ...entries(partners).flatMap(([name, { url, client }], nth) => {
      const whom = [url, client.issuer, client.id].join(' ');
      const other = entries(partners)
        .slice(0, nth)
        .find(([, earlier]) => [earlier.url, earlier.client.issuer, earlier.client.id].join(' ') === whom);
      if (other === undefined) return [];
      const message = `${url} is partner ${other[0]} already, which knows us by the same client: one of both is too many`;
      return [{ path: [...at, name, 'url'], message }];
    }),
    ...entries(partners).flatMap(([name, { accepts, operator }]) => [
      ...(Object.hasOwn(issuers, accepts.issuer)
        ? []
        : [
            {
              path: [...at, name, 'accepts', 'issuer'],
              message: `there is no issuer ${accepts.issuer}; there is ${listed(Object.keys(issuers))}`,
            },
          ]),
      ...(operator === federation.operator.id
        ? [{ path: [...at, name, 'operator'], message: `${operator} is this operator itself` }]
        : []),
    ]),
    ...shares.flatMap((share, nth) => {
      const known = { of: systems, with: { ...partners, ...systems } };
      return (['of', 'with'] as const).flatMap((member) =>
        share[member] === '*' || Object.hasOwn(known[member], share[member])
          ? []
          : [
              {
                path: ['federation', 'shares', String(nth), member],
                message: `there is no ${share[member]}; there is ${listed(Object.keys(known[member]))}`,
              },
            ],
      );
    }),
  ];
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
