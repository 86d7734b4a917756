import { Router } from 'express';
import { z } from 'zod';
import { Faults } from '../faults.ts';
import { Journal } from '../journal.ts';
import { servePeer } from '../peer.ts';
import { type AccessNetwork, startAccessNetwork } from './access-network.ts';
import { Rules } from './rules.ts';
import { serveUpstream, type Upstream, Zone } from './upstream.ts';

const NetworkName = z.enum(['cellular', 'wifi']);
type Networks = Readonly<Record<z.infer<typeof NetworkName>, AccessNetwork>>;

export interface Network {
  readonly url: string;
  close(): Promise<void>;
}

/** The networks of the world `net`: the upstream zone, two access networks, and their control (sandbox/README.md). */
export async function startNetwork(net: number, certificates?: string): Promise<Network> {
  const upstream = await serveUpstream({ address: `127.${net}.1.53`, port: 5300 });
  const [cellular, wifi] = await Promise.all([
    startAccessNetwork('cellular', `127.${net}.2`, upstream.binding, certificates),
    startAccessNetwork('wifi', `127.${net}.3`, upstream.binding, certificates),
  ]);
  const control = await servePeer(
    { name: 'network', address: `127.${net}.0.3`, routes: routes(upstream, { cellular, wifi }), state: () => null },
    { journal: new Journal(), faults: new Faults() },
  );
  return {
    url: control.url,
    close: async () => void (await Promise.all([control, cellular, wifi, upstream].map((part) => part.close()))),
  };
}

function routes(upstream: Upstream, networks: Networks): Router {
  return Router()
    .put('/networks/:name/rules', (req, res) => {
      networks[NetworkName.parse(req.params.name)].rules.replace(Rules.parse(req.body));
      res.sendStatus(204);
    })
    .put('/zone', (req, res) => {
      upstream.replace(Zone.parse(req.body));
      res.sendStatus(204);
    })
    .get('/state', async (_req, res) => {
      const { cellular, wifi } = networks;
      const known = [...Object.keys(upstream.zone()), ...cellular.rules.names, ...wifi.rules.names];
      const names = [...new Set(known)].toSorted();
      const [onCellular, onWifi] = await Promise.all([cellular.state(names), wifi.state(names)]);
      res.json({ zone: upstream.zone(), networks: { cellular: onCellular, wifi: onWifi } });
    });
}
