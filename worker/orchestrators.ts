import type { Logger } from 'pino';
import type { FindingMeans } from '../activities/federation/finding.ts';
import type { Exchange } from '../adapters/http.ts';
import { offeredServices } from '../adapters/mec011/offered.ts';
import { runningApplications } from '../adapters/mec010-2/running.ts';
import { platformsFor } from '../adapters/mfm/queries.ts';
import type { Catalogue } from '../catalogue/database.ts';
import { candidates } from '../catalogue/finding.ts';
import { inventoryAnswered, inventoryObserved, type Observed, toObserve } from '../catalogue/observing.ts';
import type { Configuration } from '../configuration/peers.ts';
import type { PlatformHad } from '../domain/inventory.ts';
import type { Unseen } from '../catalogue/inventory.ts';
import type { Query, Wish } from '../domain/wish.ts';
import { Peers } from './peers.ts';
import { within } from '../activities/within.ts';

/** A system is looked at once in so many seconds at most, however many ask. */
const LOOK_SECONDS = 5;
/** All that is looked at for one question: whoever asks waits. */
const PATIENCE_MS = 4_000;
/** What the catalogue has for a question that our orchestrators need not be asked. */
const ONE = 1;

type Refreshing = FindingMeans['orchestrators'];
type Site = Extract<Configuration['sites'][string], { kind: 'mecHost' }>;

/** What our own systems have, where it has not been told: looked at, or asked for, and learned. */
export class OwnOrchestrators implements Refreshing {
  readonly #configuration: Pick<Configuration, 'systems' | 'sites'>;
  readonly #validSeconds: number;
  readonly #catalogue: Catalogue;
  readonly #peers: Peers;
  readonly #log: Logger;
  readonly #spoken: ReadonlyMap<string, Exchange>;
  readonly #asked = new Map<string, number>();
  readonly #looking = new Map<string, Promise<void>>();

  constructor(
    configuration: Pick<Configuration, 'peers' | 'systems' | 'sites'>,
    validSeconds: number,
    catalogue: Catalogue,
    log: Logger,
  ) {
    [this.#configuration, this.#validSeconds] = [configuration, validSeconds];
    [this.#catalogue, this.#log] = [catalogue, log];
    this.#peers = new Peers(configuration, log);
    this.#spoken = this.#peers.mfmOf(configuration.systems);
  }

  async refresh(query: Query, signal: AbortSignal): Promise<void> {
    const patient = within(signal, PATIENCE_MS);
    await this.#look(Object.keys(this.#configuration.systems), this.#validSeconds, patient);
    if (query.find === 'platforms') await this.#ask(query.wish, patient);
    signal.throwIfAborted();
  }

  /** Looks at a system that tells nothing by itself, unless that was done just now, and asks it for what is used of it. */
  readonly observe = async (system: string, used: readonly Wish['what'][], signal: AbortSignal): Promise<void> => {
    const patient = within(signal, PATIENCE_MS);
    const looked = await this.#look([system], LOOK_SECONDS, patient);
    const exchange = this.#spoken.get(system);
    if (exchange !== undefined && looked.includes(system))
      await Promise.all(used.map(async (what) => await this.#answered(system, exchange, { what }, patient)));
    signal.throwIfAborted();
  };

  /** Who asks while another one looks waits for what that one sees. Returns those that were looked at by this. */
  async #look(locals: readonly string[], olderThanSeconds: number, signal: AbortSignal): Promise<readonly string[]> {
    const seconds = Math.max(olderThanSeconds, LOOK_SECONDS);
    const looked = await toObserve(this.#catalogue, { locals, olderThanSeconds: seconds });
    for (const system of looked) {
      const look = this.#observed(system, signal).finally(() => this.#looking.delete(system.local));
      this.#looking.set(system.local, look);
    }
    await Promise.all(locals.map(async (local) => await this.#looking.get(local)));
    return looked.map(({ local }) => local);
  }

  /** What does not answer is left as it was: it is believed for as long as it was to hold, and no longer. */
  async #observed(system: Observed, signal: AbortSignal): Promise<void> {
    const sites = this.#sitesOf(system.local);
    const meo = this.#peers.exchange(this.#configuration.systems[system.local]?.meo ?? '');
    const [instances, ...services] = await Promise.allSettled([
      runningApplications(meo, sites, signal),
      ...sites.map(async ({ platform }) => await offeredServices(this.#peers.exchange(platform), signal)),
    ]);
    const applications = instances.status === 'fulfilled' ? instances.value : undefined;
    const platforms = sites.flatMap(({ host, zone }, nth): PlatformHad[] => {
      const told = services[nth];
      if (told?.status !== 'fulfilled') return [];
      return [{ platform: host, zone: zone?.id, offers: [...told.value, ...(applications?.get(host) ?? [])] }];
    });
    const met = new Set(platforms.map(({ platform }) => platform));
    const unseen = {
      platforms: sites.flatMap(({ host }) => (met.has(host) ? [] : [host])),
      kinds: applications === undefined ? ['application'] : [],
    };
    if (unseen.platforms.length > 0 || unseen.kinds.length > 0)
      this.#log.warn({ system: system.local, ...unseen }, 'what a system has could not be looked at in full');
    await inventoryObserved(
      this.#catalogue,
      system,
      { zones: [], platforms },
      { validSeconds: this.#validSeconds, unseen: this.#spoken.has(system.local) ? everything(unseen, sites) : unseen },
    );
  }

  /** Those that speak our extension, when nothing of ours is known that is as wished for. */
  async #ask(wish: Wish, signal: AbortSignal): Promise<void> {
    if (this.#spoken.size === 0) return;
    const known = await candidates(this.#catalogue, wish, { theirs: [], limit: ONE });
    if (known.length > 0) return;
    await Promise.all(
      [...this.#spoken].map(async ([system, exchange]) => {
        if (!this.#isTurn(system)) return;
        await this.#answered(system, exchange, wish, signal);
      }),
    );
  }

  async #answered(system: string, exchange: Exchange, wish: Wish, signal: AbortSignal): Promise<void> {
    try {
      const platforms = await platformsFor(exchange, wish, signal);
      if (platforms.length > 0) await inventoryAnswered(this.#catalogue, system, platforms, this.#validSeconds);
    } catch (error) {
      if (!signal.aborted) this.#log.warn(error, `${system}: its orchestrator does not say what it has`);
    }
  }

  /** As often as a system is looked at. */
  #isTurn(system: string): boolean {
    const now = performance.now();
    if (now - (this.#asked.get(system) ?? -Infinity) < LOOK_SECONDS * 1_000) return false;
    this.#asked.set(system, now);
    return true;
  }

  #sitesOf(system: string): Site[] {
    return Object.values(this.#configuration.sites).flatMap((site) =>
      site.kind === 'mecHost' && site.system === system ? [site] : [],
    );
  }
}

/** What an orchestrator has answered may be of what no look shows: it expires, and is not gone for that. */
const everything = ({ kinds }: Unseen, sites: readonly Site[]): Unseen => ({
  kinds,
  platforms: sites.map(({ host }) => host),
});
