import { usedBy } from '../growth/usage.ts';

/** What processes have used: seconds of CPU, and the most memory at any look. */
export interface Use {
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Of one process. */
  readonly peakMb: Readonly<Record<string, number>>;
  /** The most that travelled with a sign of life of the evacuation. */
  readonly heartbeatBytes: number;
}

/** Looks at processes that come and go: of one that is gone counts what was seen last. */
export class Using {
  readonly #those: () => readonly (readonly [name: string, pid: number])[];
  readonly #cpuMs = new Map<number, { readonly name: string; readonly cpuMs: number }>();
  readonly #peak = new Map<string, number>();
  #heartbeat = 0;

  constructor(those: () => readonly (readonly [name: string, pid: number])[]) {
    this.#those = those;
  }

  look(heartbeatBytes: number): void {
    this.#heartbeat = Math.max(this.#heartbeat, heartbeatBytes);
    for (const [name, pid] of this.#those()) {
      const { cpuMs, rss } = usedBy(pid);
      this.#cpuMs.set(pid, { name, cpuMs });
      this.#peak.set(name, Math.max(this.#peak.get(name) ?? 0, rss / 1e6));
    }
  }

  get all(): Use {
    this.look(0);
    const cpuSeconds: Record<string, number> = {};
    for (const { name, cpuMs } of this.#cpuMs.values()) cpuSeconds[name] = (cpuSeconds[name] ?? 0) + cpuMs / 1_000;
    return { cpuSeconds, peakMb: Object.fromEntries(this.#peak), heartbeatBytes: this.#heartbeat };
  }
}
