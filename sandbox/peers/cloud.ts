import { isDeepStrictEqual } from 'node:util';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import type { PeerPlan } from '../peer.ts';
import { found, Refused } from '../problem.ts';
import { CloudInstance, type InstanceInfo } from './cloud-instances.ts';
import { CloudPackages, PackageOrder } from './cloud-packages.ts';

const PORT = 7000;

const InstanceOrder = z.object({
  packageId: z.string().min(1),
  parameters: z.record(z.string(), z.unknown()).default({}),
});
const StopOrder = z.object({ gracefulTimeout: z.number().nonnegative().optional() }).default({});
type ByName = Request<{ name: string }>;

/** The cloud manager, `/cloud/v1`: keeps packages, runs instances of them at 127.N.41.x. */
export function cloudPeer(net: number, faults: Faults): PeerPlan & { readonly stop: () => Promise<void> } {
  const packages = new CloudPackages();
  const instances = new Map<string, CloudInstance>();
  const infos = (): InstanceInfo[] => [...instances.values()].map(({ info }) => info);
  let hosts = 0;

  /** Rising, so that an address is not given again while someone may still know it as another's. */
  function freeAddress(): string {
    const taken = new Set(infos().map(({ endpoint }) => endpoint.host));
    for (let tries = 0; tries < 254; tries += 1) {
      const address = `127.${net}.41.${(hosts++ % 254) + 1}`;
      if (!taken.has(address)) return address;
    }
    throw new Error('the cloud is full');
  }

  const routes = Router();

  routes.post('/cloud/v1/packages', (req, res) => {
    const order = PackageOrder.parse(req.body);
    const known = packages.alike(order);
    if (known !== undefined && !packages.carries(known.id, order.checksum))
      throw new Refused(409, `${order.appDId} ${order.appSoftVersion} is here with another checksum`);
    if (known !== undefined) {
      res.json(known);
      return;
    }
    const info = packages.fetch(order, faults.acting(req, 'neverFinishes') !== undefined);
    if (faults.acting(req, 'noEffect')) packages.delete(info.id);
    res.status(202).location(`/cloud/v1/packages/${info.id}`).json(info);
  });
  routes.get('/cloud/v1/packages', (req, res) => {
    const { appDId } = req.query;
    res.json(packages.list().filter((info) => appDId === undefined || info.appDId === appDId));
  });
  routes.get('/cloud/v1/packages/:id', (req, res) => {
    res.json(found(packages.find(req.params.id), `package ${req.params.id}`));
  });
  routes.delete('/cloud/v1/packages/:id', (req, res) => {
    const { id } = found(packages.find(req.params.id), `package ${req.params.id}`);
    const user = infos().find(({ packageId }) => packageId === id);
    if (user !== undefined) throw new Refused(409, `instance ${user.name} refers to this package`);
    if (!faults.acting(req, 'noEffect')) packages.delete(id);
    res.status(204).end();
  });

  routes.put('/cloud/v1/instances/:name', (req: ByName, res) => {
    const { name } = req.params;
    const { packageId, parameters } = InstanceOrder.parse(req.body);
    const known = instances.get(name);
    if (known !== undefined) {
      const same = known.info.packageId === packageId && isDeepStrictEqual(known.info.parameters, parameters);
      if (!same || known.deleting) throw new Refused(409, `instance ${name} is another one, or is being deleted`);
      res.json(known.info);
      return;
    }
    const info = packages.find(packageId);
    const archive = packages.archive(packageId);
    if (info === undefined || archive === undefined) throw new Refused(409, 'package missing, or not ready');
    const { appDId } = info;
    const endpoint = { host: freeAddress(), port: PORT };
    const instance = new CloudInstance({ name, appDId, packageId, parameters, endpoint }, archive);
    if (!faults.acting(req, 'noEffect')) {
      instances.set(name, instance);
      begin(req, instance, 'starting', () => instance.start());
    }
    res.status(202).location(`/cloud/v1/instances/${name}`).json(instance.info);
  });
  routes.get('/cloud/v1/instances', (req, res) => {
    const { appDId, state } = req.query;
    const wanted = (info: InstanceInfo): boolean =>
      (appDId === undefined || info.appDId === appDId) && (state === undefined || info.state === state);
    res.json(infos().filter(wanted));
  });
  routes.get('/cloud/v1/instances/:name', (req: ByName, res) => {
    res.json(named(req).info);
  });
  routes.post('/cloud/v1/instances/:name/start', (req: ByName, res) => {
    change(req, res, ['running', 'starting'], (instance) => begin(req, instance, 'starting', () => instance.start()));
  });
  routes.post('/cloud/v1/instances/:name/stop', (req: ByName, res) => {
    const { gracefulTimeout } = StopOrder.parse(req.body);
    const graceMs = gracefulTimeout === undefined ? undefined : gracefulTimeout * 1_000;
    change(req, res, ['stopped', 'stopping'], (instance) =>
      begin(req, instance, 'stopping', () => instance.stop(graceMs)),
    );
  });
  routes.delete('/cloud/v1/instances/:name', (req: ByName, res) => {
    const instance = named(req);
    if (!instance.deleting && !faults.acting(req, 'noEffect'))
      begin(req, instance, 'stopping', () => instance.delete(() => instances.delete(instance.info.name)));
    res.status(202).json(instance.info);
  });

  const named = ({ params: { name } }: ByName): CloudInstance => found(instances.get(name), `instance ${name}`);

  /** Already so: 200. Else 202, and what is to be done begins. */
  function change(
    req: ByName,
    res: Response,
    alreadySo: readonly InstanceInfo['state'][],
    act: (instance: CloudInstance) => void,
  ): void {
    const instance = named(req);
    if (instance.deleting) throw new Refused(409, `instance ${instance.info.name} is being deleted`);
    if (alreadySo.includes(instance.info.state)) return void res.json(instance.info);
    if (!faults.acting(req, 'noEffect')) act(instance);
    res.status(202).json(instance.info);
  }

  function begin(req: Request, instance: CloudInstance, state: 'starting' | 'stopping', act: () => void): void {
    if (faults.acting(req, 'neverFinishes')) instance.stayIn(state);
    else act();
  }

  return {
    name: 'cloud-manager',
    address: `127.${net}.4.1`,
    routes,
    state: () => ({
      packages: packages.list().toSorted((a, b) => a.appDId.localeCompare(b.appDId)),
      instances: infos()
        .map(({ since: _since, ...info }) => info)
        .toSorted((a, b) => a.name.localeCompare(b.name)),
    }),
    stop: async () => void (await Promise.all([...instances.values()].map((instance) => instance.kill()))),
  };
}
