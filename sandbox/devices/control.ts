import { Router } from 'express';
import { z } from 'zod';
import { Faults } from '../faults.ts';
import { Journal } from '../journal.ts';
import { type Peer, servePeer } from '../peer.ts';
import { problem } from '../problem.ts';
import { Fleet, FleetPlan } from './fleet.ts';
import { AddressChangeNotification } from './registration.ts';
import { Window } from './window.ts';

const Named = z.strictObject({ name: z.string().min(1) });
const Attachment = z.strictObject({ ue: z.string().min(1), network: z.enum(['cellular', 'wifi']) });

/** The devices of the world `net`: their control, and the callbacks at which MEC 016 notifications reach them. */
export const startDevices = async (net: number): Promise<Peer> =>
  await servePeer(
    { name: 'devices', address: `127.${net}.0.4`, routes: routes(net), state: () => null },
    { journal: new Journal(), faults: new Faults() },
  );

function routes(net: number): Router {
  let fleet: Fleet | undefined;
  let numbers: ReadonlyMap<string, number> = new Map();
  const windows = new Map<string, Window>();

  const shown = () => {
    if (fleet === undefined) return { running: false };
    const { appInfo: _, ...plan } = fleet.plan;
    return { running: true, ...plan };
  };

  const deviceOf = (ue: string) => fleet?.devices.find((device) => device.ue === ue);

  return Router()
    .post('/fleet', (req, res) => {
      const plan = FleetPlan.parse(req.body);
      if (fleet !== undefined) return problem(res, 409, 'a fleet is running: stop it first');
      fleet = new Fleet(net, plan, numbers);
      res.status(201).json(shown());
    })
    .get('/fleet', (_req, res) => void res.json(shown()))
    .delete('/fleet', async (_req, res) => {
      const stopping = fleet;
      if (stopping !== undefined) {
        numbers = new Map([...numbers, ...(await stopping.stop())]);
        if (fleet === stopping) fleet = undefined;
      }
      res.sendStatus(204);
    })
    .post('/windows', (req, res) => {
      const { name } = Named.parse(req.body);
      if (fleet === undefined) return problem(res, 409, 'no fleet is running');
      if (windows.has(name)) return problem(res, 409, `window ${name} is open`);
      windows.set(name, new Window(name, fleet.devices));
      res.status(201).json({ name });
    })
    .delete('/windows/:name', async (req, res) => {
      const window = windows.get(req.params.name);
      if (window === undefined) return problem(res, 404, `no window ${req.params.name} is open`);
      windows.delete(req.params.name);
      res.json(await window.end());
    })
    .post('/attachments', (req, res) => {
      const { ue, network } = Attachment.parse(req.body);
      const device = deviceOf(ue);
      if (fleet === undefined || device === undefined) return problem(res, 404, `no device ${ue}`);
      fleet.goes(device, network);
      res.sendStatus(204);
    })
    .post('/callbacks/:ue', (req, res) => {
      const device = deviceOf(req.params.ue);
      if (fleet === undefined || device === undefined) return problem(res, 404, `no device ${req.params.ue}`);
      const notification = AddressChangeNotification.safeParse(req.body);
      // the other notifications of MEC 016 tell nothing that a device of ours acts on
      if (notification.success) fleet.addressChanged(device, new URL(notification.data.referenceURI).hostname);
      res.sendStatus(204);
    })
    .get('/state', (_req, res) => {
      res.json({ fleet: shown(), windows: [...windows.keys()].toSorted(), devices: fleet?.devices ?? [] });
    });
}
