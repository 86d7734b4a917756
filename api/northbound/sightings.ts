import { setTimeout as sleep } from 'node:timers/promises';
import type { Configuration } from '../../configuration/peers.ts';
import { networkIn } from '../../configuration/whereabouts.ts';
import type { Sighting } from '../../domain/following.ts';
import { millisOf, type UserLocationEventNotification } from '../../protocols/mec013/location.ts';

/** Between two signals of one follower: a service that tells without end must not outrun whoever hears. */
const PAUSE_MS = 200;

/** Where devices were seen, on its way to their followers: one after the other, and of those that wait the latest alone. */
export class Sightings {
  readonly #signal: (follower: string, sighting: Sighting) => Promise<void>;
  readonly #under = new Map<string, { next: Sighting | undefined; last: Promise<void> }>();

  constructor(signal: (follower: string, sighting: Sighting) => Promise<void>) {
    this.#signal = signal;
  }

  /** Resolves when this one, or a later one, was signalled; rejects as that does. */
  async tell(follower: string, sighting: Sighting): Promise<void> {
    const under = this.#under.get(follower);
    if (under !== undefined) {
      under.next = sighting;
      return await under.last;
    }
    const first = { next: undefined as Sighting | undefined, last: Promise.resolve() };
    this.#under.set(follower, first);
    const signalled = this.#signal(follower, sighting);
    first.last = this.#rest(follower, first, signalled);
    first.last.catch(() => undefined); // whoever waits hears of it
    await signalled;
  }

  async #rest(follower: string, under: { next: Sighting | undefined }, signalled: Promise<void>): Promise<void> {
    try {
      await signalled;
      for (await sleep(PAUSE_MS, undefined, { ref: false }); under.next !== undefined; await sleep(PAUSE_MS)) {
        const { next } = under;
        under.next = undefined;
        await this.#signal(follower, next);
      }
    } finally {
      this.#under.delete(follower);
    }
  }
}

/**
 * Which network it came to; null: it tells of no coming. Nothing has happened later than it is told: a service whose clock is
 * put right again would be taken to tell of what is over, for as long as it was ahead.
 */
export function sightingIn(
  { userLocationEventNotification: event }: UserLocationEventNotification,
  service: string,
  configuration: Pick<Configuration, 'networks'>,
): Sighting | null {
  if (event.userLocationEvent !== 'ENTERING_AREA_EVENT' || event.zoneId == null) return null;
  const at = event.timeStamp;
  return {
    network: networkIn(configuration, service, event.zoneId),
    happenedAt: at == null ? null : Math.min(millisOf(at), Date.now()),
  };
}
