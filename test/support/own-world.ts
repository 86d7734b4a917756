import type { MobileDevice, Mobility, MobilityTold, Site } from '../../activities/ports.ts';
import { withoutContract } from '../../adapters/application/without-contract.ts';
import { PortWorld } from './world.ts';

/** What an application does, or does not, when it is told that its users move. */
export interface Habits {
  /** Accepts nothing of a user from its last delta on. */
  readonly freezes: boolean;
  /** Accepts again on FAILED. */
  readonly thaws: boolean;
  /** Reports as transferred only what the target has. */
  readonly reportsTruly: boolean;
}

/** An application that keeps state, and not the contract: it moves its users' context itself (MEC 021), or nothing does. */
export class OwnWorld extends PortWorld {
  override readonly context = withoutContract;
  readonly habits: Habits = { freezes: true, thaws: true, reportsTruly: true };
  /** Its provider's word. */
  transfer: 'mec021' | undefined = 'mec021';
  /** Of the source; null: it is not registered. */
  devices: { address: string; level: MobileDevice['level']; transferred: boolean }[] | null = [
    { address: '10.9.9.1', level: 'free', transferred: false },
    { address: '10.9.9.2', level: 'confirmation', transferred: false },
  ];
  heard: MobilityTold[] = ['TRIGGERED', 'COMPLETED', 'FAILED'];
  /** Looks at its registration until it has transferred. */
  looks = 2;
  targetRegisters = true;
  frozen = false;
  /** Somebody answers at the address of the source, whatever becomes of it. */
  occupied = false;
  /** What it was told, in that order. */
  readonly told: string[] = [];
  #looked = 0;

  override async application(name: string) {
    return { ...(await super.application(name)), management: undefined, transfer: this.transfer };
  }

  override dump(): unknown {
    const world = (super.dump() as { role?: string }[]).map(({ role: _, ...instance }) => instance); // it has none
    return { world, frozen: this.frozen, transferred: this.devices?.some((each) => each.transferred) };
  }

  override async site(name: string): Promise<Site> {
    const site = await super.site(name);
    const { network } = site;
    const vantage = network?.vantage && {
      ...network.vantage,
      answering: async (...asked: Parameters<typeof network.vantage.answering>) =>
        this.occupied && asked[0].host === this.at('cloud')[0]?.endpoint?.host
          ? ({ who: 'unnamed' } as const)
          : await network.vantage!.answering(...asked),
    };
    return { ...site, mobility: this.#mobility(name), network: network && { ...network, vantage } };
  }

  #mobility(name: string): Mobility {
    return {
      level: async () => this.mobility,
      registered: async (instance) => {
        await this.interfered(`${name}.mobility.registered`);
        if (name !== 'cloud')
          return this.targetRegisters && this.at(name).some(({ id }) => id === instance) ? [] : null;
        this.#looked += 1;
        if (this.told.at(-1) === 'TRIGGERED' && this.#looked > this.looks)
          for (const device of this.devices ?? []) device.transferred = true;
        return this.devices?.map((device) => ({ ...device, associate: device.address })) ?? null;
      },
      hears: async () => this.heard,
      tell: async (_, { status, devices }) => {
        await this.interfered(`${name}.mobility.tell ${status}`);
        if (!this.heard.includes(status) || devices.length === 0) return 0;
        this.told.push(status);
        this.#looked = 0;
        if (status === 'TRIGGERED') this.frozen = this.habits.freezes;
        if (status === 'FAILED' && this.habits.thaws) {
          this.frozen = false;
          for (const device of this.devices ?? []) device.transferred = false;
        }
        await this.interfered(`${name}.mobility.told ${status}`);
        return 1;
      },
    };
  }
}
