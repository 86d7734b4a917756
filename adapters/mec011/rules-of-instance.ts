import { z } from 'zod';
import { failure, mayPass } from '../../activities/failure.ts';
import type { Wait } from '../../activities/ports.ts';
import { atOnce } from '../../domain/at-once.ts';
import { sameRule, type Rule } from '../../domain/rule.ts';
import { type Answer, type Call, type Exchange, GONE } from '../http.ts';
import { partsOf } from '../paging.ts';
import { dns, traffic, type Kind } from './wire.ts';

/** One rule as it is, with what the platform says of it. */
export interface Read {
  readonly rule: Rule;
  readonly wire: unknown;
  /** The ETag, where it may stand in If-Match: a weak one never does (RFC 9110, 13.1.1). */
  readonly version: string | null;
  readonly told: string;
}

/**
 * The rules of an instance, in the platform's order; `has`: the kinds of which the platform has any
 * at all.
 */
export interface Sight {
  readonly has: { readonly dns: boolean; readonly traffic: boolean };
  readonly rules: readonly Rule[];
  /** The platform knows the instance. */
  readonly known: boolean;
}

/** No such kind of rules on this platform: some answer 501 (AdvantEDGE), some know no such path. */
const ABSENT = [405, 406, 410, 501];
const LONGEST_LIST = 100_000;
/** So often a rule is looked at that may not show yet what was written. */
const LOOKS = 10;
/** Peers limit what they are asked at once. */
const AT_ONCE = 4;

/**
 * Rules of one application instance at its platform (MEC 011, Mp1). There is no way to create or
 * delete one.
 */
export class RulesOfInstance {
  readonly #platform: Exchange;

  constructor(platform: Exchange) {
    this.#platform = platform;
  }

  /**
   * `ids`: asked for one by one where the list has them not, since some platforms list ACTIVE rules
   * only.
   */
  async all(instance: string, ids: readonly string[], signal: AbortSignal): Promise<Sight> {
    const [names, traffics] = await Promise.all([
      this.#list(dns, instance, ids, signal),
      this.#list(traffic, instance, ids, signal),
    ]);
    const lists: readonly (readonly Rule[] | 'absent' | 'unknown')[] = [names, traffics];
    return {
      has: { dns: names !== 'absent', traffic: traffics !== 'absent' },
      rules: lists.flatMap((rules) => (typeof rules === 'string' ? [] : rules)),
      known: lists.some((rules) => typeof rules !== 'string'),
    };
  }

  /** The rule as it is now; undefined: it is gone, or its instance. */
  async one({ kind, id }: Rule, instance: string, signal: AbortSignal): Promise<Read | undefined> {
    return kind === 'dns'
      ? await this.#read(dns, instance, id, signal, GONE)
      : await this.#read(traffic, instance, id, signal, GONE);
  }

  /** `lost`: it was changed between reading and writing, or did not become what it was given. */
  async write(instance: string, from: Read, to: Rule, wait: Wait): Promise<'written' | 'lost'> {
    return to.kind === 'dns'
      ? await this.#put(dns, instance, from, to, wait)
      : await this.#put(traffic, instance, from, to, wait);
  }

  async #list<R extends Rule, W>(
    kind: Kind<R, W>,
    instance: string,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly R[] | 'absent' | 'unknown'> {
    /** By their ids: where a list grew between two of its parts, both show the same one. */
    const listed = new Map<string, W>();
    let known = true;
    const call = { path: kind.collection(instance), schema: List, alsoExpect: [...ABSENT, 404] } as const;
    const asking = { ask: async <T>(each: Call<T>, within: AbortSignal) => await this.#ask(each, within) };
    for await (const { status, body, told } of partsOf<unknown[]>(asking, call, signal)) {
      if (ABSENT.includes(status)) return 'absent';
      // In a problem document: an instance is not known; without one: the path is not
      if (status === 404 && body === undefined) return 'absent';
      known = status !== 404;
      for (const entry of known ? body : []) {
        const parsed = kind.schema.safeParse(entry);
        if (parsed.success) listed.set(kind.idOf(parsed.data), parsed.data);
      }
      if (listed.size > LONGEST_LIST) throw failure('PeerMalformed', `${told}, but the list has no end`);
    }
    const found = [...listed.values()].map(kind.ruleOf).filter((rule) => rule !== undefined);
    const unlisted = known ? ids.filter((id) => !listed.has(id)) : [];
    const reads = await atOnce(AT_ONCE, unlisted, async (id) => await this.#unlisted(kind, instance, id, signal));
    found.push(...reads.flatMap((read) => (read === undefined ? [] : [read.rule as R])));
    return known || found.length > 0 ? found : 'unknown';
  }

  /** It may be one of the other kind, or none: a platform has many ways to say so, and none of them is about ours. */
  async #unlisted<R extends Rule, W>(
    kind: Kind<R, W>,
    instance: string,
    id: string,
    signal: AbortSignal,
  ): Promise<Read | undefined> {
    try {
      return await this.#read(kind, instance, id, signal, [...GONE, ...ABSENT]);
    } catch (error) {
      if (signal.aborted || mayPass(error)) throw error;
      return undefined;
    }
  }

  async #read<R extends Rule, W>(
    kind: Kind<R, W>,
    instance: string,
    id: string,
    signal: AbortSignal,
    gone: readonly number[],
  ): Promise<Read | undefined> {
    const path = pathOf(kind, instance, id);
    const answer = await this.#ask({ method: 'GET', path, schema: kind.schema, alsoExpect: gone }, signal);
    if (answer.status >= 300) return undefined;
    const rule = kind.ruleOf(answer.body);
    const version = answer.etag === null || /^w\//i.test(answer.etag) ? null : answer.etag;
    return rule && { rule, wire: answer.body, version, told: answer.told };
  }

  async #put<R extends Rule, W>(
    kind: Kind<R, W>,
    instance: string,
    from: Read,
    to: R,
    wait: Wait,
  ): Promise<'written' | 'lost'> {
    const { signal } = wait;
    const answer = await this.#ask(
      {
        method: 'PUT',
        path: pathOf(kind, instance, to.id),
        json: kind.toWire(to, from.wire as W),
        headers: from.version === null ? {} : { 'if-match': from.version },
        schema: z.unknown(),
        hint: true,
        alsoExpect: [...GONE, 412],
      },
      signal,
    );
    if (answer.status >= 300) return 'lost';
    const shown = kind.schema.safeParse(answer.body);
    const rule = shown.success ? kind.ruleOf(shown.data) : undefined;
    if (from.version !== null && rule !== undefined && sameRule(rule, to)) return 'written';
    // Without a guarantee, or an answer that shows it (202, 204, the rule as it was), it is read again
    for (let looks = 1; ; looks += 1) {
      const now = await this.#read(kind, instance, to.id, signal, GONE);
      if (now === undefined || sameRule(now.rule, to)) return 'written';
      if (!sameRule(now.rule, from.rule)) return 'lost';
      if (looks === LOOKS) throw failure('PeerMalformed', `${answer.told}, but the rule is as it was before`);
      await wait.pause();
    }
  }

  /**
   * An instance that is not READY yet is refused with 403 or 409 (MEC 011): a state, which passes,
   * and no lack of rights.
   */
  async #ask<T>(call: Call<T>, signal: AbortSignal): Promise<Answer<T>> {
    const answer = await this.#platform.ask({ ...call, alsoExpect: [...(call.alsoExpect ?? []), 403, 409] }, signal);
    if (answer.status === 409 || (answer.status === 403 && tellsState(answer.body)))
      throw failure('NotYet', answer.told);
    if (answer.status === 403) throw failure('PeerRejected', answer.told);
    return answer;
  }
}

/** Null or nothing is a dialect's way of saying that there is none. */
const List = z
  .array(z.unknown())
  .nullish()
  .transform((entries) => entries ?? []);

const Problem = z.object({ title: z.string().catch(''), detail: z.string().catch('') });

function tellsState(problem: unknown): boolean {
  const { title, detail } = Problem.catch({ title: '', detail: '' }).parse(problem);
  return /\b(ready|yet|instantiated|start(ed|ing)|state|status|progress|initiali[sz]\w*|later)\b/i.test(
    `${title} ${detail}`,
  );
}

const pathOf = <R, W>({ collection }: Kind<R, W>, instance: string, id: string): string =>
  `${collection(instance)}/${encodeURIComponent(id)}`;
