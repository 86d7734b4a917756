import type { Client } from '@temporalio/client';
import type { Configuration } from '../../configuration/peers.ts';
import { declaredBy } from '../../domain/contract-seen.ts';
import { isReachable, type PeerSeen, seenAt } from '../../domain/peer-seen.ts';
import { HttpRefusal, isTemporals } from '../problem.ts';
import { isKnown, weakTag } from '../tags.ts';
import type { ApplicationSeen, SiteList } from '../resources.ts';
import type { Handlers } from '../serve.ts';
import { Contracts } from './contract.ts';
import { ledTo } from './led.ts';
import { PeersSeen } from './peers-seen.ts';
import type { Procedures } from './procedures.ts';
import type { Reader } from './reader.ts';
import type { NorthboundTable } from './table.ts';

export const networkHandlers = (
  configuration: Configuration,
  procedures: Procedures,
  temporal: Client,
  reader: Reader,
): Handlers<NorthboundTable, 'listSites' | 'listApplications' | 'showApplication' | 'listPeers'> =>
  networkOf(
    configuration,
    procedures,
    new PeersSeen(async () => await procedures.look()),
    new Contracts(temporal, reader),
    together(async (names) => {
      const [seen, led] = await Promise.all([procedures.locate(names), ledTo(temporal).catch(unknown)]);
      return seen.map((application) => ({ ...application, led: led && [...(led.get(application.name) ?? [])] }));
    }),
  );

type Located = Awaited<ReturnType<Procedures['locate']>>[number];
type Locate = (names: readonly string[]) => Promise<(Located & Pick<ApplicationSeen, 'led'>)[]>;

const networkOf = (
  configuration: Configuration,
  procedures: Procedures,
  peers: PeersSeen,
  contracts: Contracts,
  locate: Locate,
): ReturnType<typeof networkHandlers> => ({
  listSites: async ({ query: { waitSeconds }, headers, res }) => {
    const known: SiteList = { ...sitesOf(configuration), peers: seenOf(await peers.known(waitSeconds * 1_000)) };
    const tag = tagOf(known);
    res.set({ etag: tag, 'cache-control': 'private, no-cache' });
    if (isKnown(headers['if-none-match'], tag)) res.status(304).end();
    else res.json(known);
  },
  listApplications: async ({ res }) => {
    const names = Object.keys(configuration.applications);
    res.json({ applications: names.length === 0 ? [] : await locate(names) });
  },
  showApplication: async ({ params: { name }, res }) => {
    const record = Object.hasOwn(configuration.applications, name) ? configuration.applications[name] : undefined;
    if (record === undefined)
      throw new HttpRefusal(
        404,
        `there is no application ${name}`,
        '`ferry where`, GET /v1/applications: each that there is.',
      );
    const [[application], contract] = await Promise.all([locate([name]), contracts.of(name).catch(unknown)]);
    res.json({ ...application, contract: contract && { declared: declaredBy(record), ...contract } });
  },
  listPeers: async ({ res }) => {
    res.json({ peers: await procedures.survey() });
  },
});

/** Where the index does not answer, or takes no more questions, the instances can still be asked. */
function unknown(error: unknown): null {
  if (!isTemporals(error)) throw error;
  return null;
}

/** Ten consoles that ask at the same moment where an application is have its instances asked once. */
function together(locate: Locate): Locate {
  const asked = new Map<string, ReturnType<Locate>>();
  return async (names) => {
    const which = names.join();
    const answer = asked.get(which) ?? locate(names).finally(() => asked.delete(which));
    asked.set(which, answer);
    return await answer;
  };
}

/** That a peer answers as before, or fails as before, is no change, at whatever time it was asked. */
const tagOf = ({ sites, peers }: SiteList): string =>
  weakTag([
    sites,
    Object.entries(peers).map(([name, { reachable, since, lastFailure }]) => [
      name,
      since,
      reachable ? null : lastFailure?.what,
    ]),
  ]);

const seenOf = (peers: ReadonlyMap<string, PeerSeen>): SiteList['peers'] =>
  Object.fromEntries(
    [...peers].map(([name, seen]) => [
      name,
      {
        reachable: isReachable(seen),
        since: seen.since,
        seenAt: seenAt(seen),
        lastFailure: seen.failedAt === null || seen.failure === null ? null : { what: seen.failure, at: seen.failedAt },
      },
    ]),
  );

const sitesOf = ({ sites, systems, networks }: Configuration): Pick<SiteList, 'sites'> => ({
  sites: Object.entries(sites).map(([name, site]) => {
    if (site.kind === 'cloud') {
      const { kind, manager, oss, services } = site;
      return { name, kind, system: null, network: null, peers: { manager, oss, services } };
    }
    const { kind, system, platform } = site;
    const { meo, network, lcmProxy } = systems[system] ?? { meo: '', network: '', lcmProxy: undefined };
    const vantage = networks[network]?.vantage;
    const peers = {
      meo,
      platform,
      ...(lcmProxy !== undefined && { lcmProxy }),
      ...(vantage !== undefined && { vantage }),
    };
    return { name, kind, system, network, peers };
  }),
});
