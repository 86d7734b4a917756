import type { Configuration } from '../../configuration/peers.ts';
import { HttpRefusal } from '../problem.ts';
import type { SiteList } from '../resources.ts';
import type { Handlers } from '../serve.ts';
import type { Procedures } from './procedures.ts';
import type { NorthboundTable } from './table.ts';

export const networkHandlers = (
  configuration: Configuration,
  procedures: Procedures,
): Handlers<NorthboundTable, 'listSites' | 'listApplications' | 'showApplication' | 'listPeers'> => ({
  listSites: ({ res }) => {
    res.json(sitesOf(configuration));
  },
  listApplications: async ({ res }) => {
    const names = Object.keys(configuration.applications);
    res.json({ applications: names.length === 0 ? [] : await procedures.locate(names) });
  },
  showApplication: async ({ params: { name }, res }) => {
    if (!Object.hasOwn(configuration.applications, name))
      throw new HttpRefusal(404, `there is no application ${name}`, 'GET /v1/applications lists them.');
    const [application] = await procedures.locate([name]);
    res.json(application);
  },
  listPeers: async ({ res }) => {
    res.json({ peers: await procedures.survey() });
  },
});

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
