import type { Figures } from '../../domain/counted.ts';
import { busy } from './busy.ts';
import { eventually } from './eventually.ts';
import type { Stage } from './stage.ts';

/** What a test looks at in the sandbox's world, and what it does there in the place of devices and operators. */

/** The parts of `GET /sandbox/state` that tests look at. */
export interface World {
  readonly world: string;
  readonly peers: {
    readonly 'cloud-manager': {
      readonly instances: readonly { readonly name: string; readonly state: string; readonly endpoint: Endpoint }[];
    };
    readonly 'meo-cellular': Meo;
    readonly 'meo-wifi': Meo;
    readonly 'platform-a1': Platform;
    readonly 'platform-a2': Platform;
    readonly 'platform-w1': Platform;
    readonly 'lcm-proxy': { readonly contexts: readonly object[] };
  } & Readonly<Record<string, unknown>>;
  readonly network: { readonly zone: object; readonly networks: Readonly<Record<string, { readonly rules: object }>> };
  readonly devices: { readonly devices: readonly Device[] };
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

interface Meo {
  readonly packages: readonly { readonly id: string }[];
  readonly instances: readonly { readonly id: string; readonly instantiationState: string }[];
  readonly openOperations: readonly object[];
}

interface Platform {
  readonly rules: { readonly dns: object; readonly traffic: object };
  readonly radio: readonly { readonly id: string; readonly callbackReference: string }[];
}

export interface Device {
  readonly ue: string;
  readonly instance: string | null;
  readonly acknowledged: number;
  readonly givenUp: number;
}

export const unharmed = { lost: 0, givenUp: 0, stale: 0, doubled: 0 };

export const worldOf = async (stage: Stage): Promise<World> => await stage.sandbox<World>('/state');

/** Instances by which devices were answered last. */
export const servingIn = ({ devices }: World): (string | null)[] => [
  ...new Set(devices.devices.map(({ instance }) => instance)),
];

/** The same of what each is answered from now on: they rest, and may have written nothing since the path was turned. */
export async function servingNow(stage: Stage): Promise<(string | null)[]> {
  const answers = ({ devices }: World) => devices.devices.map(({ acknowledged }) => acknowledged);
  const before = answers(await worldOf(stage));
  let now!: World;
  await eventually(async () => {
    now = await worldOf(stage);
    // What is answered next may have been asked before
    return answers(now).every((count, at) => count > (before[at] ?? 0) + 1);
  });
  return servingIn(now);
}

/** Hosts of the instances to which subscriptions at any platform belong, sorted. */
export const subscribers = ({ peers }: World): string[] =>
  [peers['platform-a1'], peers['platform-a2'], peers['platform-w1']]
    .flatMap(({ radio }) => radio.map(({ callbackReference }) => new URL(callbackReference).hostname))
    .toSorted();

/**
 * Devices that are known to the LCM proxy, and have been served. What they give up is a harm too: a busy machine has more
 * time. Each write costs 3 ms of CPU, also where nothing is measured: whoever is after the moment of a hand-over has more.
 */
export async function fleet(stage: Stage, devices: number, { rate = 5, giveUpMs = 10_000 } = {}) {
  const rest = Math.min(rate, 1);
  await stage.sandbox('/devices/fleet', 'POST', { devices, rate, rest, giveUpMs: Math.round(giveUpMs * busy()) });
  await eventually(async () => {
    const world = await worldOf(stage);
    const reached = world.devices.devices.filter(({ instance }) => instance !== null);
    return world.peers['lcm-proxy'].contexts.length === devices && reached.length === devices;
  });
}

let windows = 0;

/** What the devices saw while `work` was done, with what it resulted in. */
export async function measured<T>(stage: Stage, work: () => Promise<T>): Promise<{ result: T; figures: Figures }> {
  windows += 1;
  const name = `window-${windows}`;
  await stage.sandbox('/devices/windows', 'POST', { name });
  try {
    return { result: await work(), figures: await closed(stage, name) };
  } catch (error) {
    await closed(stage, name);
    throw error;
  }
}

async function closed(stage: Stage, name: string): Promise<Figures> {
  return (await stage.sandbox<{ total: Figures }>(`/devices/windows/${name}`, 'DELETE')).total;
}

/** A call that a fault holds. */
export interface Holding {
  readonly id: string;
  /** Resolves when it is held. */
  held(): Promise<void>;
  release(): Promise<void>;
}

export async function hold(
  stage: Stage,
  call: { peer: string; operation: string; nth?: number; times?: number; when: 'before' | 'executed' },
): Promise<Holding> {
  const id = await stage.fault({ times: 1, ...call, kind: 'hold' });
  return {
    id,
    held: async () => await eventually(async () => (await stage.faultState(id)).held > 0, 30_000),
    release: async () => void (await stage.sandbox(`/faults/${id}/release`, 'POST', {})),
  };
}

/** The process of an instance, or of another part of the sandbox. */
export async function processOf(stage: Stage, name: string): Promise<number> {
  const processes = await stage.sandbox<{ name: string; pid: number }[]>('/processes');
  const found = processes.find((process) => process.name === name);
  if (found === undefined) throw new Error(`no process ${name} among ${processes.map((each) => each.name).join(', ')}`);
  return found.pid;
}
