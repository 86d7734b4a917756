import { Router } from 'express';
import { FaultOrder, type Faults } from './faults.ts';
import { found, Refused } from './problem.ts';

/** `/faults` of a process that serves the peers of these names. */
export const faultRoutes = (faults: Faults, names: readonly string[]): Router =>
  Router()
    .get('/', (_req, res) => void res.json(faults.list()))
    .post('/', (req, res) => {
      const order = FaultOrder.parse(req.body);
      if (!names.includes(order.peer))
        throw new Refused(400, `${order.peer} takes no faults; these do: ${names.toSorted().join(', ')}`);
      res.status(201).json({ id: faults.add(order).id });
    })
    .delete('/', (_req, res) => {
      faults.clear();
      res.status(204).end();
    })
    .post('/:id/release', (req, res) => {
      found(faults.find(req.params.id), `fault ${req.params.id}`).release();
      res.status(204).end();
    });
