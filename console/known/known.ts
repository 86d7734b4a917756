import type { EventSourceMessage } from 'eventsource-parser/stream';
import type { Evacuation } from '../../api/evacuation.ts';
import type { Hold } from '../../api/hold.ts';
import type { Follower } from '../../api/follower.ts';
import type { Waiting } from '../../api/northbound/table/waiting.ts';
import type {
  ApplicationList,
  ApplicationSeen,
  FederationWith,
  Problem,
  Relocation,
  SiteList,
} from '../../api/resources.ts';
import { stepNames } from '../../domain/steps.ts';
import { get, problemOf } from './ask.ts';
import { listen, whileSeen } from './events.ts';

export type Site = SiteList['sites'][number];
/** How each peer was seen. */
export type Peers = SiteList['peers'];

interface Source {
  readonly answers: boolean;
  readonly since: string;
  readonly detail: string | null;
}

/** Whether what is told comes from somebody who answers; as the API says it. */
export interface Sources {
  readonly temporal: Source | null;
  readonly catalogue: Source | null;
}

/** What Temporal does not keep any longer, or follows no more. A fence is told of as what waits. */
interface Gone {
  readonly id: string;
  readonly what: 'relocation' | 'evacuation' | 'fence' | 'follower';
}

/** What the page shows, at one moment. */
export interface Picture {
  readonly link: 'opening' | 'live' | 'lost';
  /** When the API was heard of last, as of the last change of `link`. */
  readonly heardAt: string | null;
  /** Null: not all was told yet. */
  readonly sources: Sources | null;
  /** Null: not told yet. */
  readonly sites: readonly Site[] | null;
  readonly peers: Peers;
  readonly applications: ReadonlyMap<string, ApplicationSeen>;
  /** Why it is not known where applications are; null: it is. */
  readonly unplaced: Problem | null;
  readonly moves: ReadonlyMap<string, Relocation>;
  readonly partners: ReadonlyMap<string, FederationWith>;
  /** Sites to which nothing is moved. */
  readonly holds: ReadonlyMap<string, Hold>;
  readonly evacuations: ReadonlyMap<string, Evacuation>;
  /** What waits for a person and is no relocation, by its kind and id. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  readonly followers: ReadonlyMap<string, Follower>;
}

/** Of those that ended, so many are shown. */
const KEPT = 100;
const [AGAIN_MS, SETTLED_MS] = [5_000, 700];
/** Users come and go without a move; of all applications every site is asked. */
const WHERE_MS = 120_000;
/** Peers are looked at for all pages at once; this one asks what was seen, and soon where that was not told yet. */
const [PEERS_MS, PEERS_SOON_MS] = [15_000, 2_000];

/** What is known of the network, kept up to date; who shows it is told when it changes, once a frame. */
export class Known {
  #picture: Picture = {
    link: 'opening',
    heardAt: null,
    sources: null,
    sites: null,
    peers: {},
    applications: new Map(),
    unplaced: null,
    moves: new Map(),
    partners: new Map(),
    holds: new Map(),
    evacuations: new Map(),
    waiting: new Map(),
    followers: new Map(),
  };
  #moves = new Map<string, Relocation>();
  #partners = new Map<string, FederationWith>();
  #holds = new Map<string, Hold>();
  #evacuations = new Map<string, Evacuation>();
  #waiting = new Map<string, Waiting>();
  #followers = new Map<string, Follower>();
  /** While all is told anew, what was known stands. */
  #anew = false;
  #due = false;
  readonly #shown = new Set<() => void>();
  readonly #asking = new Map<string, number>();

  get picture(): Picture {
    return this.#picture;
  }

  /** Returns how to stop being told. */
  onChange(show: () => void): () => void {
    this.#shown.add(show);
    return () => this.#shown.delete(show);
  }

  begin(): void {
    void listen({ event: (told) => this.#hear(told), link: (link, heardAt) => this.#set({ link, heardAt }) });
    void this.#sites();
    void this.where();
  }

  /** Where every application is, now and then. */
  async where(): Promise<void> {
    let again = WHERE_MS;
    try {
      const { applications } = await get<ApplicationList>('/v1/applications');
      this.#set({ applications: new Map(applications.map((one) => [one.name, one])), unplaced: null });
    } catch (error) {
      this.#set({ unplaced: problemOf(error) });
      again = AGAIN_MS;
    }
    this.#later('', again, async () => await this.where());
  }

  /** What a command was answered is known before it is told, unless something later was told meanwhile. */
  heard(move: Relocation, before?: Relocation): void {
    if (this.#moves.get(move.id) !== before) return;
    this.#moves.set(move.id, move);
    this.#show();
  }

  /** The same of what is said of hosts. */
  emptied(evacuation: Evacuation): void {
    this.#evacuations.set(evacuation.id, evacuation);
    this.#show();
  }

  held(hold: Hold): void {
    this.#holds.set(hold.site, hold);
    this.#show();
  }

  reopened({ site }: Hold): void {
    this.#holds.delete(site);
    this.#show();
  }

  async #sites(): Promise<void> {
    let again = PEERS_MS;
    try {
      const { sites, peers } = await get<SiteList>('/v1/sites');
      this.#set({ sites, peers });
      if (Object.keys(peers).length === 0) again = PEERS_SOON_MS;
    } catch {
      again = AGAIN_MS;
    }
    this.#later('sites', again, async () => {
      await whileSeen();
      await this.#sites();
    });
  }

  #hear({ event, data }: EventSourceMessage): void {
    const told: unknown = JSON.parse(data);
    if (event === 'anew') {
      [this.#moves, this.#partners, this.#anew] = [new Map(), new Map(), true];
      [this.#holds, this.#evacuations] = [new Map(), new Map()];
      [this.#waiting, this.#followers] = [new Map(), new Map()];
      // Of another process: its configuration may name other sites
      if (this.#picture.sources !== null) void this.#sites();
      return;
    }
    if (event === 'relocation') this.#moved(told as Relocation);
    if (event === 'gone') this.#gone(told as Gone);
    if (event === 'hold') this.#holds.set((told as Hold).site, told as Hold);
    if (event === 'reopened') this.#holds.delete((told as Pick<Hold, 'site'>).site);
    if (event === 'evacuation') this.#evacuations.set((told as Evacuation).id, told as Evacuation);
    if (event === 'waiting') this.#waiting.set(nameOf(told as Waiting), told as Waiting);
    if (event === 'waitsNoMore') this.#waiting.delete(nameOf(told as Waiting));
    if (event === 'follower') this.#followers.set((told as Follower).id, told as Follower);
    if (event === 'federation') this.#partners.set((told as FederationWith).partner, told as FederationWith);
    if (event === 'sources') {
      this.#anew = false;
      this.#picture = { ...this.#picture, sources: told as Sources };
    }
    if (!this.#anew) this.#show();
  }

  #gone({ id, what }: Gone): void {
    const kept = {
      relocation: this.#moves,
      evacuation: this.#evacuations,
      follower: this.#followers,
      fence: undefined,
    };
    kept[what]?.delete(id);
  }

  #moved(move: Relocation): void {
    const before = this.#moves.get(move.id);
    this.#moves.set(move.id, move);
    const { application } = move.request;
    if (before !== undefined && isElsewhere(move) > isElsewhere(before))
      this.#later(application, SETTLED_MS, async () => await this.#whereIs(application));
    if (this.#moves.size > 2 * KEPT) this.#prune();
  }

  #prune(): void {
    const ended = [...this.#moves.values()].filter(({ endedAt }) => endedAt !== null).toSorted(latestFirst);
    for (const { id } of ended.slice(KEPT)) this.#moves.delete(id);
  }

  async #whereIs(name: string): Promise<void> {
    const seen = await get<ApplicationSeen>(`/v1/applications/${encodeURIComponent(name)}`).catch(() => undefined);
    if (seen === undefined) return; // the next look at all of them tells
    this.#set({ applications: new Map(this.#picture.applications).set(name, seen) });
  }

  /** What is asked for several times is asked once. */
  #later(what: string, ms: number, ask: () => Promise<void>): void {
    window.clearTimeout(this.#asking.get(what));
    this.#asking.set(
      what,
      window.setTimeout(() => void ask(), ms),
    );
  }

  #set(change: Partial<Picture>): void {
    this.#picture = { ...this.#picture, ...change };
    this.#show();
  }

  #show(): void {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      if (!this.#anew)
        this.#picture = {
          ...this.#picture,
          moves: new Map(this.#moves),
          partners: new Map(this.#partners),
          holds: new Map(this.#holds),
          evacuations: new Map(this.#evacuations),
          waiting: new Map(this.#waiting),
          followers: new Map(this.#followers),
        };
      for (const show of this.#shown) show();
      if (this.#picture.sources !== null) wholeAt();
    });
  }
}

const nameOf = ({ kind, id }: Pick<Waiting, 'kind' | 'id'>): string => `${kind} ${id}`;

/** Users are elsewhere once they were handed over, and instances when it has ended. */
const isElsewhere = ({ step, endedAt }: Relocation): number =>
  endedAt !== null ? 2 : step !== null && stepNames.indexOf(step) > stepNames.indexOf('handOver') ? 1 : 0;

export const latestFirst = (a: Relocation, b: Relocation): number =>
  (b.endedAt ?? b.startedAt).localeCompare(a.endedAt ?? a.startedAt);

/** When all that there is was shown first: for who measures. */
let wholeAt = (): void => {
  wholeAt = () => undefined;
  requestAnimationFrame(() => performance.mark('whole'));
};
