import { Router } from 'express';
import type { Around } from '../exchange.ts';
import { FaultOrder, Faults } from '../faults.ts';
import { Journal } from '../journal.ts';
import { type Peer, servePeer } from '../peer.ts';
import { found, Refused } from '../problem.ts';
import { runningInstances } from '../runner.ts';
import { type Cells, CellChangeOrder, MobilityOrder } from './cells.ts';

/** What the sandbox's control asks of the process that runs the peers (sandbox/README.md). Itself no peer: never logged. */
export async function serveControl(
  address: string,
  peers: readonly Peer[],
  cells: Cells,
  { journal, faults }: Around,
): Promise<Peer> {
  const state = () =>
    Object.fromEntries(peers.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((peer) => [peer.name, peer.state()]));
  const routes = Router();
  routes.get('/state', (_req, res) => void res.json(state()));
  routes.get('/log', (req, res) => void res.json(journal.since(Number(req.query['since'] ?? 0))));
  routes.get('/processes', (_req, res) => void res.json(runningInstances()));

  routes.get('/faults', (_req, res) => void res.json(faults.list()));
  routes.post('/faults', (req, res) => {
    const order = FaultOrder.parse(req.body);
    const names = peers.map(({ name }) => name);
    if (!names.includes(order.peer))
      throw new Refused(400, `${order.peer} takes no faults; these do: ${names.toSorted().join(', ')}`);
    res.status(201).json({ id: faults.add(order).id });
  });
  routes.delete('/faults', (_req, res) => {
    faults.clear();
    res.status(204).end();
  });
  routes.post('/faults/:id/release', (req, res) => {
    found(faults.find(req.params.id), `fault ${req.params.id}`).release();
    res.status(204).end();
  });

  routes.post('/cellChange', (req, res) => {
    res.json({ notifications: cells.change(CellChangeOrder.parse(req.body)) });
  });
  routes.post('/mobility', (req, res) => {
    res.json({ notifications: cells.move(MobilityOrder.parse(req.body)) });
  });
  const unobserved = { journal: new Journal(), faults: new Faults() };
  return await servePeer({ name: 'peers', address, routes, state }, unobserved);
}
