import type { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import type { Steering } from '../../activities/ports.ts';
import { sameRule, type DnsRule, type Rule, type TrafficRule, type Versioned } from '../../domain/rule.ts';
import {
  dnsRules,
  DnsRule as WireDnsRule,
  trafficRules,
  TrafficRule as WireTrafficRule,
} from '../../protocols/mec011/rule.ts';
import type { Exchange } from '../http.ts';
import { everyPage } from '../paging.ts';
import { ruleCapabilities } from './capabilities.ts';
import { dnsRuleOf, toWireDnsRule, toWireTrafficRule, trafficRuleOf } from './rules.ts';

/** How one kind of rule is on the wire. */
interface Kind<R extends Rule, W> {
  readonly collection: (instance: string) => string;
  readonly schema: z.ZodType<W>;
  readonly idOf: (wire: W) => string;
  readonly ruleOf: (wire: W) => R | undefined;
  readonly toWire: (rule: R, as: W) => W;
}

const dns: Kind<DnsRule, WireDnsRule> = {
  collection: dnsRules,
  schema: WireDnsRule,
  idOf: ({ dnsRuleId }) => dnsRuleId,
  ruleOf: dnsRuleOf,
  toWire: toWireDnsRule,
};
const traffic: Kind<TrafficRule, WireTrafficRule> = {
  collection: trafficRules,
  schema: WireTrafficRule,
  idOf: ({ trafficRuleId }) => trafficRuleId,
  ruleOf: trafficRuleOf,
  toWire: toWireTrafficRule,
};

/** Rules of an application instance at its platform (MEC 011, Mp1). There is no way to create or delete one. */
export const mec011Steering = (platform: Exchange): Steering => {
  /** One rule with its ETag, which a list does not carry; undefined: it is gone. */
  async function readOne<R extends Rule, W>(kind: Kind<R, W>, instance: string, id: string, signal: AbortSignal) {
    const path = pathOf(kind, instance, id);
    const answer = await platform.ask({ method: 'GET', path, schema: kind.schema, alsoExpect: [404] }, signal);
    return answer.status === 404 ? undefined : { wire: answer.body, version: answer.etag };
  }

  /** None where the platform does not have this kind (501), or no longer the instance (404). */
  async function readAll<R extends Rule, W>(
    kind: Kind<R, W>,
    instance: string,
    signal: AbortSignal,
  ): Promise<Versioned[]> {
    const rules: Versioned[] = [];
    for (const listed of await everyPage(platform, kind.collection(instance), kind.schema, signal, [404, 501])) {
      const single = await readOne(kind, instance, kind.idOf(listed), signal);
      const rule = single && kind.ruleOf(single.wire);
      if (rule !== undefined) rules.push({ rule, version: single?.version ?? null });
    }
    return rules;
  }

  async function swap<R extends Rule, W>(
    kind: Kind<R, W>,
    instance: string,
    to: R,
    from: Versioned,
    signal: AbortSignal,
  ) {
    // Not left to If-Match alone: some platforms answer 412 and change the name all the same
    const seen = await readOne(kind, instance, to.id, signal);
    const rule = seen && kind.ruleOf(seen.wire);
    if (seen === undefined || rule === undefined || seen.version !== from.version || !sameRule(rule, from.rule))
      return 'lost';
    const { status, body, told } = await platform.ask(
      {
        method: 'PUT',
        path: pathOf(kind, instance, to.id),
        json: kind.toWire(to, seen.wire),
        headers: from.version === null ? {} : { 'if-match': from.version },
        schema: kind.schema.optional(),
        alsoExpect: [404, 412],
      },
      signal,
    );
    if (status >= 300) return 'lost';
    const written = body && kind.ruleOf(body);
    if (written !== undefined && !sameRule(written, to))
      throw failure('PeerMalformed', `${told}, but with another rule than it was given`);
    return 'written';
  }

  return {
    available: async (signal) => (await ruleCapabilities(platform, signal)).some(({ available }) => available),
    read: async (instance, signal) => [
      ...(await readAll(dns, instance, signal)),
      ...(await readAll(traffic, instance, signal)),
    ],
    write: async (instance, to, from, signal) =>
      to.kind === 'dns' ? await swap(dns, instance, to, from, signal) : await swap(traffic, instance, to, from, signal),
  };
};

const pathOf = ({ collection }: { collection: (instance: string) => string }, instance: string, id: string): string =>
  `${collection(instance)}/${encodeURIComponent(id)}`;
