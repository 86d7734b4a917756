import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Device } from './device.ts';
import { type Kind, kinds } from './kinds.ts';
import { type Figures, Tally, together } from './tally.ts';

export interface WindowFigures {
  readonly name: string;
  readonly durationMs: number;
  /** The longest time in which the devices themselves did not run: what they gave up then is not the application's fault. */
  readonly stoodStillMs: number;
  /** `longestGapAt`: when that gap began, ISO 8601. */
  readonly devices: readonly (Figures & { readonly ue: string; readonly kind: Kind; readonly longestGapAt: string })[];
  readonly byKind: Readonly<Partial<Record<Kind, Figures>>>;
  readonly total: Figures;
}

const TICK_MS = 20;

/** A stretch of time in which the writes of a fleet are counted. */
export class Window {
  readonly #name: string;
  readonly #begun = performance.now();
  readonly #running = monitorEventLoopDelay({ resolution: TICK_MS });
  readonly #tallies: readonly (readonly [Device, Tally])[];

  constructor(name: string, devices: readonly Device[]) {
    this.#name = name;
    this.#running.enable();
    this.#tallies = devices.map((device) => {
      const tally = new Tally(device.lastDueBefore(this.#begun) + 1, this.#begun);
      device.watch(tally);
      return [device, tally] as const;
    });
  }

  /** Waits until every write that became due in it is settled, and reads each user's context back. */
  async end(): Promise<WindowFigures> {
    const ended = performance.now();
    const devices = await Promise.all(
      this.#tallies.map(async ([device, tally]) => {
        const last = device.lastDueBefore(ended);
        tally.end(last);
        await device.settled(last);
        device.unwatch(tally);
        const context = await device.context();
        const { longestGapAt, ...figures } = tally.figures(context, {
          ended,
          doubled: device.newlyDoubled(context),
        });
        return { ue: device.ue, kind: device.kind, ...figures, longestGapAt: instant(longestGapAt) };
      }),
    );
    this.#running.disable();
    const present = kinds.filter((kind) => devices.some((device) => device.kind === kind));
    const ofKind = (kind: Kind) => together(devices.filter((device) => device.kind === kind));
    return {
      name: this.#name,
      durationMs: Math.round(ended - this.#begun),
      stoodStillMs: Math.max(0, Math.round(this.#running.max / 1e6 - TICK_MS)),
      devices,
      byKind: Object.fromEntries(present.map((kind) => [kind, ofKind(kind)])),
      total: together(devices),
    };
  }
}

const instant = (monotonic: number): string => new Date(performance.timeOrigin + monotonic).toISOString();
