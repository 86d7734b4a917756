import { z } from 'zod';
import { type Location, zones } from './location.ts';
import { MobilityStatus } from './mobility.ts';
import type { Platform } from './platform.ts';

/** Two radio cells, between which devices move. */
const CELLS = ['00000a1', '00000a2'] as const;

export const CellChangeOrder = z.strictObject({ user: z.string().min(1) });

export const LocationOrder = z.strictObject({ user: z.string().min(1), network: z.enum(['cellular', 'wifi']) });

export const MobilityOrder = z.strictObject({
  user: z.string().min(1),
  status: MobilityStatus,
  target: z.strictObject({ appInstanceId: z.string(), host: z.ipv4(), port: z.int() }).optional(),
});

/** Where devices are, and who is told when they move. */
export class Cells {
  readonly #net: number;
  readonly #platforms: readonly Platform[];
  readonly #location: Location;
  readonly #cells = new Map<string, (typeof CELLS)[number]>();

  constructor(net: number, platforms: readonly Platform[], location: Location) {
    this.#net = net;
    this.#platforms = platforms;
    this.#location = location;
  }

  /** The device goes to the other cell; the radio network information of every platform tells it. Answers how often. */
  change({ user }: z.infer<typeof CellChangeOrder>): number {
    const device = this.#address(user);
    const from = this.#cells.get(device) ?? CELLS[0];
    const to = from === CELLS[0] ? CELLS[1] : CELLS[0];
    this.#cells.set(device, to);
    return this.#told((platform) => platform.radio.cellChanged({ device, from, to }));
  }

  /** The device comes to the other access network; the location service tells it. Answers how often. */
  come({ user, network }: z.infer<typeof LocationOrder>): number {
    return this.#location.comes(this.#address(user), zones[network]);
  }

  /** The application mobility service of every platform tells that a device moves, or has. Answers how often. */
  move({ user, status, target }: z.infer<typeof MobilityOrder>): number {
    return this.#told((platform) => platform.mobility.moved({ device: this.#address(user), status, target }));
  }

  #told(tell: (platform: Platform) => number): number {
    return this.#platforms.reduce((sum, platform) => sum + tell(platform), 0);
  }

  /** `ue-7` is at 127.N.100.7; an address stands for itself. */
  #address(user: string): string {
    const [, number] = /^ue-(\d+)$/.exec(user) ?? [];
    return number === undefined ? user : `127.${this.#net}.100.${number}`;
  }
}
