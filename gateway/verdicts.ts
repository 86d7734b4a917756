import type { Logger } from 'pino';
import type { Catalogue } from '../catalogue/database.ts';
import { type Path, pathOfName, pathOfSecret, pathsOf } from '../catalogue/paths.ts';
import type { Federation } from '../configuration/federation.ts';
import { type HttpRefusal, unavailable } from '../doors/refusal.ts';
import { judged, type Verdict } from './judging.ts';

/** By what a binding is found: its address here, its name among those of a partner, or itself. */
export type Key =
  | { readonly secret: string }
  | { readonly partner: string; readonly name: string }
  | { readonly id: string };

/** So long a verdict is remembered; what is in use is looked at anew twice in that time. */
const FRESH_MS = 1_000;
const AGAIN_MS = 500;
const TICK_MS = 100;
/** So long what held goes on while the database does not answer. */
const GRACE_MS = 5_000;
/** So long a request waits for an answer of it: with something to go on with, and without. */
const PATIENCE_MS = { known: 500, unknown: 4_000 };
/** What nobody has used for so long is not looked at any more. */
const IDLE_MS = 5_000;

interface Entry {
  readonly path: Path;
  /** When it was asked for. */
  at: number;
  used: number;
}

export interface Judged {
  readonly path: Path | undefined;
  readonly verdict: Verdict;
}

type Cut = (why: Verdict | 'unknown') => void;

/** What may pass, by the catalogue as it is now, or was a second ago; and who is under way and has to be cut. */
export class Verdicts {
  readonly #catalogue: Catalogue;
  readonly #federation: Federation;
  readonly #log: Logger;
  readonly #ids = new Map<string, string>();
  readonly #entries = new Map<string, Entry>();
  readonly #looking = new Map<string, Promise<Path | undefined>>();
  readonly #watched = new Map<string, Set<Cut>>();
  readonly #ticks: NodeJS.Timeout;
  /** The database did not answer when it was asked last: nobody has to wait for it again who has something to go on with. */
  #away = false;
  #again: { readonly begun: number; ended: boolean } = { begun: 0, ended: true };

  constructor(catalogue: Catalogue, federation: Federation, log: Logger) {
    this.#catalogue = catalogue;
    this.#federation = federation;
    this.#log = log;
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
  }

  end(): void {
    clearInterval(this.#ticks);
  }

  /** Throws a refusal (503) where nothing is known, and the database does not answer. */
  async of(key: Key): Promise<Judged> {
    const entry = this.#entryOf(key);
    const known = entry !== undefined && since(entry.at) <= (this.#away ? GRACE_MS : FRESH_MS);
    if (known) return this.#judged(entry);
    try {
      const path = await within(this.#look(key), entry === undefined ? PATIENCE_MS.unknown : PATIENCE_MS.known);
      this.#away = false;
      return { path, verdict: judged(path, this.#federation) };
    } catch (error) {
      this.#away = true;
      if (entry !== undefined && since(entry.at) <= GRACE_MS) return this.#judged(entry);
      this.#log.warn({ err: error }, 'the catalogue cannot be asked');
      throw away();
    }
  }

  /** Is told once when what is under way may not go on. Returns how to stop watching. */
  watch({ id }: Path, cut: Cut): () => void {
    const watching = this.#watched.get(id) ?? new Set();
    this.#watched.set(id, watching.add(cut));
    return () => {
      watching.delete(cut);
      if (watching.size === 0 && this.#watched.get(id) === watching) this.#watched.delete(id);
    };
  }

  #judged(entry: Entry): Judged {
    entry.used = performance.now();
    return { path: entry.path, verdict: judged(entry.path, this.#federation) };
  }

  #entryOf(key: Key): Entry | undefined {
    const id = 'id' in key ? key.id : this.#ids.get(textOf(key));
    return id === undefined ? undefined : this.#entries.get(id);
  }

  /** However many ask at once, it is asked once. */
  async #look(key: Key): Promise<Path | undefined> {
    const text = textOf(key);
    const looking = this.#looking.get(text) ?? this.#asked(key).finally(() => this.#looking.delete(text));
    this.#looking.set(text, looking);
    return await looking;
  }

  async #asked(key: Key): Promise<Path | undefined> {
    const at = performance.now();
    const path = await found(this.#catalogue, key);
    if (path === undefined) return undefined;
    this.#entries.set(path.id, { path, at, used: at });
    this.#ids.set(textOf(key), path.id);
    return path;
  }

  #tick(): void {
    if (this.#again.ended && since(this.#again.begun) >= AGAIN_MS) void this.#lookAgain();
    for (const [id, watching] of this.#watched) {
      const why = this.#standing(id);
      if (why === 'open' || why === 'opening') continue;
      this.#watched.delete(id);
      for (const cut of watching) cut(why);
    }
  }

  #standing(id: string): Verdict | 'unknown' {
    const entry = this.#entries.get(id);
    if (entry === undefined) return 'absent';
    return since(entry.at) > GRACE_MS ? 'unknown' : judged(entry.path, this.#federation);
  }

  /** All that is in use, by one question. */
  async #lookAgain(): Promise<void> {
    const again = { begun: performance.now(), ended: false };
    this.#again = again;
    for (const [id, { used }] of this.#entries)
      if (since(used) > IDLE_MS && !this.#watched.has(id)) this.#entries.delete(id);
    for (const [text, id] of this.#ids) if (!this.#entries.has(id)) this.#ids.delete(text);
    const ids = [...this.#entries.keys()];
    try {
      const there = new Map((await pathsOf(this.#catalogue, ids)).map((path) => [path.id, path]));
      for (const id of ids) this.#renew(id, there.get(id), again.begun);
      this.#away = false;
    } catch (error) {
      this.#log.debug({ err: error }, 'not looked again');
    } finally {
      again.ended = true;
    }
  }

  /** What is absent is not kept: whoever asks for it by name next may find another. */
  #renew(id: string, path: Path | undefined, at: number): void {
    const entry = this.#entries.get(id);
    if (path === undefined || judged(path, this.#federation) === 'absent') this.#entries.delete(id);
    else if (entry !== undefined && entry.at <= at) this.#entries.set(id, { path, at, used: entry.used });
  }
}

const away = (): HttpRefusal => unavailable('it cannot be found out whether this may pass', 'Ask again later.');

const since = (at: number): number => performance.now() - at;

const textOf = (key: Key): string =>
  'secret' in key ? `secret ${key.secret}` : 'id' in key ? `id ${key.id}` : `name ${key.partner} ${key.name}`;

const found = async (catalogue: Catalogue, key: Key): Promise<Path | undefined> => {
  if ('secret' in key) return await pathOfSecret(catalogue, key.secret);
  return 'id' in key ? (await pathsOf(catalogue, [key.id]))[0] : await pathOfName(catalogue, key);
};

/** What is waited for goes on. */
async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, patience]);
  } finally {
    clearTimeout(late);
  }
}
