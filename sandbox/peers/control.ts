import { Router } from 'express';
import type { Around } from '../exchange.ts';
import { faultRoutes } from '../fault-routes.ts';
import { Faults } from '../faults.ts';
import { ForeignOrder } from '../foreign/foreign.ts';
import { Journal } from '../journal.ts';
import { type Peer, servePeer } from '../peer.ts';
import { Refused } from '../problem.ts';
import { QuirkOrder, Quirks } from '../quirks/quirks.ts';
import { runningInstances } from '../runner.ts';
import { type Cells, CellChangeOrder, LocationOrder, MobilityOrder } from './cells.ts';

/** What the sandbox's control asks of the process that runs the peers (sandbox/README.md). Itself no peer: never logged. */
export async function serveControl(
  address: string,
  peers: readonly Peer[],
  cells: Cells,
  { journal, faults, quirks = new Quirks() }: Around,
): Promise<Peer> {
  const names = peers.map(({ name }) => name);
  const state = () =>
    Object.fromEntries(peers.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((peer) => [peer.name, peer.state()]));
  const routes = Router();
  routes.get('/state', (_req, res) => void res.json(state()));
  routes.get('/log', (req, res) => void res.json(journal.since(Number(req.query['since'] ?? 0))));
  routes.get('/processes', (_req, res) => void res.json(runningInstances()));

  routes.use('/faults', faultRoutes(faults, names));

  routes.get('/quirks', (_req, res) => void res.json(quirks.list()));
  routes.post('/quirks', (req, res) => void res.status(201).json(quirks.order(QuirkOrder.parse(req.body), names)));
  routes.delete('/quirks', (_req, res) => {
    quirks.remove();
    res.status(204).end();
  });
  routes.delete('/quirks/:id', ({ params: { id } }, res) => {
    if (!quirks.remove(id)) throw new Refused(404, `no quirk ${id}`);
    res.status(204).end();
  });

  routes.get('/foreign', (_req, res) => void res.json(quirks.foreign.list()));
  routes.post('/foreign', (req, res) => void res.status(201).json(quirks.foreign.plant(ForeignOrder.parse(req.body))));
  routes.delete('/foreign', (_req, res) => {
    quirks.foreign.clear();
    res.status(204).end();
  });

  routes.post('/cellChange', (req, res) => {
    res.json({ notifications: cells.change(CellChangeOrder.parse(req.body)) });
  });
  routes.post('/location', (req, res) => {
    res.json({ notifications: cells.come(LocationOrder.parse(req.body)) });
  });
  routes.post('/mobility', (req, res) => {
    res.json({ notifications: cells.move(MobilityOrder.parse(req.body)) });
  });
  const unobserved = { journal: new Journal(), faults: new Faults() };
  return await servePeer({ name: 'peers', address, routes, state }, unobserved);
}
