import { z } from 'zod';
import { type Access, accessNetworks } from './access.ts';
import { Device } from './device.ts';
import { kinds } from './kinds.ts';
import { register } from './registration.ts';

export const FleetPlan = z.strictObject({
  application: z.strictObject({ name: z.string().min(1), port: z.int().min(1).max(65_535) }),
  /** What its descriptor says of it (MEC 016, appInfo), where it is not the counter. */
  appInfo: z.record(z.string(), z.string()).optional(),
  devices: z.int().min(1).max(200).default(6),
  /** Writes per second of each device. */
  rate: z.number().positive().max(1_000).default(20),
  /** And while no window counts them: each costs some ms of CPU, here and at whoever carries and answers it. */
  rest: z.number().positive().max(1_000).optional(),
  giveUpMs: z.int().positive().default(2_000),
  clampSeconds: z.number().nonnegative().default(30),
});
export type FleetPlan = z.infer<typeof FleetPlan>;

/** Devices ue-1 … ue-n, one of each kind in turn, all writing at the same rate, none at the same moment. */
export class Fleet {
  readonly plan: FleetPlan;
  readonly devices: readonly Device[];
  readonly #access: readonly Access[];
  readonly #stop = new AbortController();

  /** `numbers`: the next free number of each device that was in an earlier fleet. */
  constructor(net: number, plan: FleetPlan, numbers: ReadonlyMap<string, number>) {
    const [cellular, wifi] = accessNetworks(net);
    const intervalMs = { counted: 1_000 / plan.rate, resting: 1_000 / (plan.rest ?? plan.rate) };
    this.plan = plan;
    this.#access = [cellular, wifi];
    this.devices = Array.from({ length: plan.devices }, (_, i) => {
      const ue = `ue-${i + 1}`;
      return new Device({
        ...plan,
        ue,
        kind: kinds[i % kinds.length] ?? 'resolving',
        address: `127.${net}.100.${i + 1}`,
        access: cellular,
        number: numbers.get(ue) ?? 1,
        phase: i / plan.devices,
        intervalMs,
      });
    });
    for (const { ue } of this.devices) {
      const callback = `http://127.${net}.0.4:8080/callbacks/${ue}`;
      void register(`http://127.${net}.1.2:8080`, {
        ue,
        callback,
        application: plan.appInfo,
        signal: this.#stop.signal,
      });
    }
  }

  /** The application's new endpoint: a device with both radios goes to the access network in which it lies, if any. */
  addressChanged(device: Device, host: string): void {
    const access = this.#access.find(({ instances }) => instances.some((prefix) => host.startsWith(prefix)));
    if (access !== undefined) device.attach(access);
  }

  /** Its user walks there. */
  goes(device: Device, network: Access['name']): void {
    const access = this.#access.find(({ name }) => name === network);
    if (access !== undefined) device.attach(access);
  }

  /** Resolves when every write that was due is settled, with the next free number of each device. */
  async stop(): Promise<ReadonlyMap<string, number>> {
    this.#stop.abort();
    return new Map(await Promise.all(this.devices.map(async (device) => [device.ue, await device.stop()] as const)));
  }
}
