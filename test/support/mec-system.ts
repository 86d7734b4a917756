import { Router } from 'express';
import { type FaultOrder, FaultOrder as Order, Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { sha256 } from '../../sandbox/packages.ts';
import { servePeer } from '../../sandbox/peer.ts';
import type { NetworkRules } from '../../sandbox/peers/network-link.ts';
import { type QuirkOrder, Quirks } from '../../sandbox/quirks/quirks.ts';
import { serveSystem, type SystemPlan } from '../../sandbox/peers/system.ts';
import { ask, eventually } from './asking.ts';
import { descriptor, smallApplication } from './small-application.ts';

type Ordered = FaultOrder extends infer O
  ? O extends { peer: string }
    ? Omit<O, 'peer' | 'operation' | 'nth'>
    : never
  : never;

export interface OpOcc {
  readonly operationState: string;
  readonly lcmOperation: string;
  readonly isCancelPending: boolean;
  readonly _links: { readonly appInstance: { readonly href: string } };
}

export interface AppInstance {
  readonly id: string;
  readonly appInstanceName?: string;
  readonly instantiationState: string;
  readonly instantiatedAppState?: { readonly operationalState: string };
  readonly communicationInterface?: {
    readonly ipAddresses: readonly { readonly host: string; readonly port: number }[];
  };
  readonly _links: Readonly<Record<string, unknown>>;
}

/** A MEC system of the sandbox, and what a client has to say to it to have a package on-boarded and instances running. */
export async function mecSystem(plan: Omit<SystemPlan, 'paceMs' | 'capacity' | 'network'>) {
  const around = { journal: new Journal(), faults: new Faults(), quirks: new Quirks() };
  const network = await accessNetwork(plan.meo);
  const { peers, platforms } = await serveSystem({ capacity: 1, paceMs: 10, network: network.url, ...plan }, around);
  const meo = `http://${plan.meo}:8080`;
  const lcm = `${meo}/app_lcm/v1`;

  const operation = async (location: string): Promise<OpOcc> => (await ask<OpOcc>('GET', location)).body;

  const api = {
    ...around,
    meo,
    lcm,
    platforms,
    /** What the access network was told, one telling after the other. */
    told: network.told,
    state: () => peers.map(({ name, state }) => [name, state()]),

    fault: (operationCalled: string, kind: Ordered & { nth?: number }, peer = `meo-${plan.name}`) =>
      around.faults.add(Order.parse({ peer, operation: operationCalled, ...kind })),

    /** Lets a peer be odd. */
    quirk: (quirk: QuirkOrder['quirk'], peer: string) =>
      around.quirks.order(
        { peer, quirk },
        peers.map(({ name }) => name),
      ),

    async createPackage(hash = sha256(smallApplication())): Promise<string> {
      const { body } = await ask<{ id: string }>('POST', `${meo}/app_pkgm/v1/app_packages`, {
        appPkgName: 'counter',
        appPkgVersion: '1.0.0',
        checksum: { algorithm: 'SHA-256', hash },
        appPkgPath: 'http://repository.example/counter.zip',
        userDefinedData: { ferryKey: 'k1' },
      });
      return `${meo}/app_pkgm/v1/app_packages/${body.id}`;
    },

    putContent: async (url: string, archive: Buffer) =>
      await fetch(`${url}/package_content`, {
        method: 'PUT',
        headers: { 'content-type': 'application/zip', connection: 'close' },
        body: new Uint8Array(archive),
      }),

    async onboard(): Promise<string> {
      return await api.onboarded(await api.createPackage());
    },

    /** The package, once it has its content. */
    async onboarded(url: string): Promise<string> {
      await api.putContent(url, smallApplication());
      await eventually(
        async () => (await ask<{ onboardingState: string }>('GET', url)).body,
        ({ onboardingState }) => onboardingState === 'ONBOARDED',
      );
      return url;
    },

    async createInstance(appInstanceName = 'one'): Promise<string> {
      const { appDId } = descriptor;
      return (await ask<AppInstance>('POST', `${lcm}/app_instances`, { appDId, appInstanceName })).body.id;
    },

    instance: async (id: string) => (await ask<AppInstance>('GET', `${lcm}/app_instances/${id}`)).body,

    task: async (id: string, task: string, body: unknown) =>
      await ask('POST', `${lcm}/app_instances/${id}/${task}`, body),

    instantiate: async (id: string, host: string) =>
      await api.task(id, 'instantiate', { selectedMECHostInfo: [{ hostId: { id: host }, hostName: host }] }),

    terminate: async (id: string) => await api.task(id, 'terminate', { terminationType: 'FORCEFUL' }),

    /** The operation occurrence of an answer, when it has come to this state. */
    reaches: async ({ headers }: { headers: Headers }, state: string): Promise<OpOcc> =>
      await eventually(
        async () => await operation(headers.get('location') ?? ''),
        ({ operationState }) => operationState === state,
      ),

    async started(host: string, name = 'one'): Promise<{ id: string; address: string }> {
      const id = await api.createInstance(name);
      await api.reaches(await api.instantiate(id, host), 'COMPLETED');
      const { communicationInterface } = await api.instance(id);
      return { id, address: communicationInterface?.ipAddresses[0]?.host ?? '' };
    },

    /** Ends every process, whatever the faults have left. */
    async close(): Promise<void> {
      around.faults.clear();
      around.quirks.remove();
      around.quirks.foreign.clear();
      const { body } = await ask<AppInstance[]>('GET', `${lcm}/app_instances`);
      for (const { id, instantiationState } of body) {
        if (instantiationState === 'INSTANTIATED') await api.reaches(await api.terminate(id), 'COMPLETED');
      }
      await Promise.all([network, ...peers].map(async (peer) => await peer.close()));
    },
  };
  return api;
}

async function accessNetwork(address: string) {
  const told: NetworkRules[] = [];
  const routes = Router().put('/rules', (req, res) => {
    told.push(req.body as NetworkRules);
    res.status(204).end();
  });
  const plan = { name: 'network', address, port: 0, routes, state: () => null };
  const peer = await servePeer(plan, { journal: new Journal(), faults: new Faults() });
  return { told, url: `${peer.url}/rules`, close: async () => await peer.close() };
}

export type MecSystem = Awaited<ReturnType<typeof mecSystem>>;
