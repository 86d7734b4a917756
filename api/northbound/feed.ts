import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { Refusal } from '../../domain/failures.ts';
import type { FederationWith } from '../resources.ts';
import { Board } from './board.ts';
import type { FederatedNorthbound } from './federated.ts';
import { FollowerReader } from './follower-reader.ts';
import { FollowersFeed } from './followers-feed.ts';
import { Hosts } from './hosts.ts';
import type { Reader } from './reader.ts';
import { Runs } from './runs.ts';
import type { StreamEvent } from './stream.ts';
import { WaitingFeed } from './waiting-feed.ts';
import type { WaitingReader } from './waiting-reader.ts';

const ROUND_MS = 500;
/** What is said of hosts changes by the second at most. */
const HOSTS_MS = 1_500;
/** Partners' standing changes with what they are heard to say. */
const FEDERATION_MS = 2_000;

interface Means {
  readonly temporal: Client;
  readonly reader: Reader;
  readonly waiting: WaitingReader;
  readonly temporalUi: string | undefined;
  /** Undefined: this Ferry federates with nobody. */
  readonly partners: FederatedNorthbound['partners'] | undefined;
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** Does what is told come from somebody who answers? Since when, and if not, why. */
interface Source {
  readonly answers: boolean;
  readonly since: string;
  readonly detail: string | null;
}

/**
 * All relocations, hosts and partners, read once for however many listen, and not at all while nobody does. What is away is told,
 * and asked again; what was known of it stands meanwhile.
 */
export class Feed {
  readonly #means: Means;
  readonly #board = new Board();
  readonly #runs: Runs;
  readonly #hosts: Hosts;
  readonly #waiting: WaitingFeed;
  readonly #followers: FollowersFeed;
  readonly #sources: { temporal: Source | null; catalogue: Source | null } = { temporal: null, catalogue: null };
  #federationAt = Number.NEGATIVE_INFINITY;
  #hostsAt = Number.NEGATIVE_INFINITY;
  #listening = 0;
  /** Of the reading under way: resolves when its first round is over. */
  #begun: Promise<void> | undefined;

  constructor(means: Means) {
    this.#means = means;
    this.#runs = new Runs(means.temporal, means.reader, this.#board);
    this.#hosts = new Hosts(means.temporal, means.temporalUi, this.#board);
    this.#waiting = new WaitingFeed(means.waiting, this.#board);
    this.#followers = new FollowersFeed(new FollowerReader(means.temporal, means.temporalUi), this.#board);
  }

  /** What `from` has not read, and then what changes, until `signal` says so. */
  async *events(from: string | undefined, room: () => Promise<void>, signal: AbortSignal): AsyncGenerator<StreamEvent> {
    this.#listening += 1;
    try {
      await (this.#begun ??= this.#begin());
      let read = this.#board.numberOf(from);
      if (read === undefined) {
        read = this.#board.latest;
        yield* this.#anew(read);
      }
      while (!signal.aborted) {
        const news = this.#board.after(read);
        for (const { n, told } of news) {
          yield told;
          read = n;
        }
        await room();
        if (news.length === 0) await this.#board.changed(signal);
      }
    } finally {
      this.#listening -= 1;
    }
  }

  /** All that there is; only who has read the last of it, the word that this is all, can go on from there. */
  *#anew(latest: number): Generator<StreamEvent> {
    const all = this.#board.after(0).map(({ told }) => told);
    const begun = this.#board.idOf(0);
    yield { id: begun, event: 'anew', data: '{}' };
    for (const told of all.filter((one) => !isLast(one))) yield { ...told, id: begun };
    for (const told of all.filter(isLast)) yield { ...told, id: this.#board.idOf(latest) };
  }

  async #begin(): Promise<void> {
    await this.#round();
    void this.#goOn();
  }

  async #goOn(): Promise<void> {
    const { stopping } = this.#means;
    while (this.#listening > 0 && !stopping.aborted) {
      await sleep(ROUND_MS, undefined, { signal: stopping }).catch(() => undefined);
      await this.#round();
    }
    this.#begun = undefined;
  }

  async #round(): Promise<void> {
    const now = performance.now();
    await this.#attempt('temporal', async () => {
      await this.#runs.round(now);
      if (now - this.#hostsAt < HOSTS_MS) return;
      await this.#hosts.round(now);
      await this.#waiting.round();
      await this.#followers.round(now);
      this.#hostsAt = now;
    });
    const { partners } = this.#means;
    if (partners !== undefined && now - this.#federationAt >= FEDERATION_MS) {
      this.#federationAt = now;
      await this.#attempt('catalogue', async () => this.#tell(await partners()));
    }
    // Who is heard of last is not told, but who stopped answering is
    const { temporal, catalogue } = this.#sources;
    this.#board.post('sources', 'sources', this.#sources, `${temporal?.answers} ${catalogue?.answers}`);
  }

  async #attempt(name: 'temporal' | 'catalogue', read: () => Promise<void>): Promise<void> {
    const before = this.#sources[name];
    const told = (answers: boolean, detail: string | null): void => {
      const since = before?.answers === answers ? before.since : new Date().toISOString();
      this.#sources[name] = { answers, since, detail };
    };
    try {
      await read();
      told(true, null);
    } catch (error) {
      if (before?.answers !== false) this.#means.log.warn({ err: error }, `the feed of events: ${name} is away`);
      told(false, error instanceof Refusal ? error.message : `${name} does not answer as it should`);
    }
  }

  #tell(partners: readonly FederationWith[]): void {
    this.#waiting.partners(partners);
    for (const federation of partners) {
      // Of these alone nobody wants to hear
      const mark = JSON.stringify(federation, (key, value: unknown) =>
        ['linkMs', 'heardAt'].includes(key) ? undefined : value,
      );
      this.#board.post(`partner ${federation.partner}`, 'federation', federation, mark);
    }
  }
}

/** The word that this is all. */
const isLast = ({ event }: StreamEvent): boolean => event === 'sources';
