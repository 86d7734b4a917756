import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { foreigners } from '../foreign/asked.ts';
import { found, Refused } from '../problem.ts';
import type { RunningInstance } from '../runner.ts';
import type { Host } from './host.ts';
import type { Operations } from './meo-operations.ts';
import type { Package, Packages } from './meo-packages.ts';
import type { KnownInstance, MeoSubscriptions } from './meo-subscriptions.ts';
import { listed } from './query.ts';

/** Application instances at a MEO (MEC 010-2 v3.1.1, app_instances). */

const CreateAppInstanceRequest = z.object({
  appDId: z.string().min(1),
  appInstanceName: z.string().optional(),
  appInstanceDescription: z.string().optional(),
});

export interface Instance {
  readonly id: string;
  readonly created: z.infer<typeof CreateAppInstanceRequest>;
  readonly content: NonNullable<Package['content']>;
  readonly packageId: string;
  /** Where it runs, or is about to. */
  host: Host | undefined;
  /** Undefined: NOT_INSTANTIATED. Changed by `becomes`. */
  operationalState: 'STARTED' | 'STOPPED' | undefined;
  process: RunningInstance | undefined;
}

const LEFT_OUT = ['_links/instantiate', '_links/terminate', '_links/operate'];

export class Instances {
  readonly #instances = new Map<string, Instance>();
  readonly #url: string;

  readonly #subscriptions: MeoSubscriptions;

  /** `meo`: base URL. */
  constructor(meo: string, subscriptions: MeoSubscriptions) {
    this.#url = `${meo}/app_lcm/v1/app_instances`;
    this.#subscriptions = subscriptions;
  }

  /** The only place where it changes, so that whoever subscribed is told. */
  becomes(instance: Instance, state: Instance['operationalState']): void {
    if (instance.operationalState === state) return;
    instance.operationalState = state;
    this.#subscriptions.instanceIs(known(instance), state ?? 'NOT_INSTANTIATED');
  }

  operationIs(id: string, operation: string, kind: string, state: string): void {
    const instance = this.#instances.get(id);
    if (instance !== undefined) this.#subscriptions.operationIs(known(instance), operation, kind, state);
  }

  one(id: string): Instance {
    return found(this.#instances.get(id), `instance ${id}`);
  }

  use(packageId: string): boolean {
    return [...this.#instances.values()].some((instance) => instance.packageId === packageId);
  }

  state(): object[] {
    return this.#list().toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  routes(packages: Packages, operations: Operations, faults: Faults): Router {
    const router = Router();
    const all = '/app_lcm/v1/app_instances';
    router.get(all, (req, res) => {
      const instances = [...foreigners(res, 'instances', this.#url), ...this.#list()];
      res.json(listed(req, instances, LEFT_OUT));
    });
    router.post(all, (req, res) => {
      const created = CreateAppInstanceRequest.parse(req.body);
      const { id: packageId, content } = packages.usable(created.appDId) ?? {};
      if (packageId === undefined || content === undefined)
        throw new Refused(400, `no usable package with descriptor ${created.appDId}`);
      const fresh = { host: undefined, operationalState: undefined, process: undefined };
      const instance: Instance = { id: randomUUID(), created, content, packageId, ...fresh };
      if (faults.acting(req, 'noEffect') === undefined) {
        this.#instances.set(instance.id, instance);
        this.#subscriptions.identifier(known(instance), 'Creation');
      }
      res.status(201).location(`${this.#url}/${instance.id}`).json(this.#shown(instance));
    });
    router.get(`${all}/:id`, (req, res) => void res.json(this.#shown(this.one(req.params.id))));
    router.delete(`${all}/:id`, (req, res) => {
      const instance = this.one(req.params.id);
      const { id, operationalState } = instance;
      if (operationalState !== undefined) throw new Refused(409, 'it is INSTANTIATED');
      operations.demandNoneOpen(id);
      if (faults.acting(req, 'noEffect') === undefined) {
        this.#instances.delete(id);
        this.#subscriptions.identifier(known(instance), 'Deletion');
      }
      res.status(204).end();
    });
    return router;
  }

  /** Oldest first. */
  #list(): ({ id: string } & object)[] {
    return [...this.#instances.values()].map((instance) => this.#shown(instance));
  }

  #shown({ id, created, content: { descriptor }, packageId, host, operationalState }: Instance) {
    const self = { href: `${this.#url}/${id}` };
    const may = (...tasks: string[]) =>
      Object.fromEntries(tasks.map((task) => [task, { href: `${self.href}/${task}` }]));
    const { appProvider, appName, appSoftVersion, appDVersion } = descriptor;
    const common = { id, ...created, appProvider, appName, appSoftVersion, appDVersion, appPkgId: packageId };
    if (operationalState === undefined)
      return { ...common, instantiationState: 'NOT_INSTANTIATED', _links: { self, ...may('instantiate') } };
    return {
      ...common,
      instantiationState: 'INSTANTIATED',
      instantiatedAppState: { operationalState },
      communicationInterface: { ipAddresses: [{ host: host?.address(id), port: 7000 }] },
      _links: { self, ...may('terminate', 'operate') },
    };
  }
}

const known = ({ id, packageId, content: { descriptor } }: Instance): KnownInstance => {
  const { appDId, appName, appProvider } = descriptor;
  return { id, appDId, appName, appProvider, appPkgId: packageId };
};
