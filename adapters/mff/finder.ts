import { failure } from '../../activities/failure.ts';
import type { Finder, OfferFound, PlatformFound, SystemFound } from '../../activities/federation/questions.ts';
import {
  base,
  FoundOfferAnswer,
  FoundPlatformAnswer,
  FoundSystemAnswer,
  LOOP,
  PlatformsAnswer,
  SystemsAnswer,
} from '../../protocols/mff/client.ts';
import { refusedBy } from '../ewbi/partner.ts';
import type { Answer, Exchange } from '../http.ts';
import { isGone } from './gone.ts';
import type { z } from 'zod';

/** More than an answer may have are left out, and it is not complete then. */
const OFFERS = 200;
const SYSTEMS = 10_000;

/** Asks a partner what it has (GR MEC 035, 6.3.1, 6.4.3), by our extension of Mff-fed. `operatorOf`: what of its word is believed. */
export function mffFinder(exchange: Exchange, operatorOf: (said: string | null | undefined) => string): Finder {
  const put = async <T>(
    context: string,
    what: 'system-queries' | 'platform-queries',
    json: object,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T | 'gone'> => {
    const answer: Answer<T> = await exchange.ask(
      {
        method: 'POST',
        path: `${base}/${encodeURIComponent(context)}/${what}`,
        label: `${base}/{federationContextId}/${what}`,
        json,
        schema,
        alsoExpect: [403, 404, 409],
        question: true,
      },
      signal,
    );
    if (isGone(answer)) return 'gone';
    if (answer.status === 403) throw refusedBy(answer);
    if (answer.status === 409)
      throw failure('PeerRejected', isLoop(answer.body) ? `${answer.told} (a loop)` : answer.told);
    return answer.body;
  };

  return {
    async findSystems(context, question, signal) {
      const answer = await put(context, 'system-queries', question, SystemsAnswer, signal);
      if (answer === 'gone') return answer;
      const fitting = fittingOf(answer.systems, FoundSystemAnswer);
      const systems = fitting
        .slice(0, SYSTEMS)
        .map(({ system, operator, devices }): SystemFound => ({ system, operator: operatorOf(operator), devices }));
      return { ...answer, systems, complete: answer.complete && systems.length === answer.systems.length };
    },

    async findPlatforms(context, question, signal) {
      const answer = await put(context, 'platform-queries', question, PlatformsAnswer, signal);
      if (answer === 'gone') return answer;
      let left = OFFERS;
      let whole = answer.complete;
      const platforms: PlatformFound[] = [];
      for (const { offers: told, zone, operator, ...rest } of fittingOf(answer.platforms, FoundPlatformAnswer)) {
        const offers = fittingOf(told, FoundOfferAnswer).slice(0, left).map(offerOf);
        left -= offers.length;
        whole &&= offers.length === told.length;
        platforms.push({ ...rest, operator: operatorOf(operator), zone: zone ?? null, offers });
      }
      whole &&= platforms.length === answer.platforms.length;
      return {
        platforms: platforms.filter(({ offers }) => offers.length > 0),
        complete: whole,
        validSeconds: answer.validSeconds,
      };
    },
  };
}

const offerOf = ({ latencyMs, bandwidthKbps, ...offer }: z.infer<typeof FoundOfferAnswer>): OfferFound => ({
  ...offer,
  latencyMs: latencyMs ?? null,
  bandwidthKbps: bandwidthKbps ?? null,
});

const fittingOf = <T>(entries: readonly unknown[], schema: z.ZodType<T>): T[] =>
  entries.flatMap((entry) => {
    const parsed = schema.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });

const isLoop = (problem: unknown): boolean =>
  typeof problem === 'object' && problem !== null && 'type' in problem && problem.type === LOOP;
