import type { Configuration } from '../../configuration/peers.ts';
import { HttpRefusal } from '../problem.ts';
import type { SiteList } from '../resources.ts';
import type { Handlers } from '../serve.ts';
import type { Procedures } from './procedures.ts';
import type { NorthboundTable } from './table.ts';

export const networkHandlers = (
  configuration: Configuration,
  procedures: Procedures,
): Handlers<NorthboundTable, 'listSites' | 'listApplications' | 'showApplication' | 'listPeers'> =>
  networkOf(
    configuration,
    procedures,
    together(async (names) => await procedures.locate(names)),
  );

const networkOf = (
  configuration: Configuration,
  procedures: Procedures,
  locate: Procedures['locate'],
): ReturnType<typeof networkHandlers> => ({
  listSites: ({ res }) => {
    res.json(sitesOf(configuration));
  },
  listApplications: async ({ res }) => {
    const names = Object.keys(configuration.applications);
    res.json({ applications: names.length === 0 ? [] : await locate(names) });
  },
  showApplication: async ({ params: { name }, res }) => {
    if (!Object.hasOwn(configuration.applications, name))
      throw new HttpRefusal(404, `there is no application ${name}`, 'GET /v1/applications lists them.');
    const [application] = await locate([name]);
    res.json(application);
  },
  listPeers: async ({ res }) => {
    res.json({ peers: await procedures.survey() });
  },
});

/** Ten consoles that ask at the same moment where an application is have its instances asked once. */
function together(locate: Procedures['locate']): Procedures['locate'] {
  const asked = new Map<string, ReturnType<Procedures['locate']>>();
  return async (names) => {
    const which = names.join();
    const answer = asked.get(which) ?? locate(names).finally(() => asked.delete(which));
    asked.set(which, answer);
    return await answer;
  };
}

const sitesOf = ({ sites, systems, networks }: Configuration): SiteList => ({
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
