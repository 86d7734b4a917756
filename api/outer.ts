import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { Pokes } from '../doors/pokes.ts';
import { base as ewbiBase } from '../protocols/ewbi/client.ts';
import { base as mffBase } from '../protocols/mff/client.ts';
import { fresh } from './body.ts';
import { ewbi } from './ewbi/face.ts';
import type { BindingsMeans } from './mff/bindings.ts';
import { description, mff } from './mff/face.ts';
import { found } from './partners/asking.ts';
import type { QuestionMeans } from './mff/questions.ts';
import { callbacks } from './partners/callbacks.ts';
import { askerBehind } from '../doors/asker.ts';
import { partnersOnly } from './partners/door.ts';
import { ofStrangers } from './partners/limits.ts';
import { outward } from './outward.ts';
import { absent, ewbiForm, refusals } from './partners/refusals.ts';
import { routes } from './serve.ts';
import { TAKEN_MS, takenWithin } from './taken.ts';

export interface OuterMeans extends QuestionMeans, Omit<BindingsMeans, 'poke'> {
  /** Wakes the tending of a partner. */
  readonly poke: (partner: string) => Promise<void>;
  /** So often an address may ask in a second before it is known who asks. */
  readonly strangersPerSecond?: number;
  /** What is in front of it: its addresses. */
  readonly proxies?: readonly string[];
  /** From a request to when its answer has been taken. */
  readonly takenMs?: number;
}

/** A partner is poked so often while it is tended once. */
const POKES_PER_ROUND = 6;
const STRANGERS_PER_SECOND = 100;

/** What the outer listener serves: partners, each known by its token. Nothing of a URL is logged: keys stand in paths. */
export function outer(means: OuterMeans): Express {
  const {
    log,
    tokens,
    federation,
    strangersPerSecond = STRANGERS_PER_SECOND,
    proxies = [],
    takenMs = TAKEN_MS,
  } = means;
  const everyMs = (federation.pace.aliveSeconds * 1_000) / POKES_PER_ROUND;
  const pokes = new Pokes(means.poke, everyMs, log);
  const poke = (partner: string): void => pokes.poke(partner);
  return express()
    .disable('etag')
    .enable('strict routing')
    .enable('case sensitive routing')
    .use(
      told(log),
      takenWithin(takenMs),
      helmet(protection),
      fresh,
      ofStrangers(tokens, askerBehind(proxies), strangersPerSecond),
    )
    .use(routes(callbacks({ ...means, poke })))
    .use(routes(description()))
    .use([ewbiBase, mffBase], ...partnersOnly(means))
    .use(routes(ewbi({ ...means, poke })))
    .use(routes(mff({ ...means, poke })))
    .use(unknown)
    .use([ewbiBase, '/callbacks'], refusals(log, ewbiForm))
    .use(refusals(log, outward));
}

/** One line for each answer: who asked what, and not where. */
const told =
  (log: Logger): RequestHandler =>
  ({ method }, res, next) => {
    const begun = performance.now();
    res.once('close', () => {
      const { route = 'none', partner = 'nobody', client, why } = found(res);
      const ms = Math.round(performance.now() - begun);
      log.info({ method, route, partner, client, status: res.statusCode, why, ms }, 'answered');
    });
    next();
  };

/** No browser has anything to do here; TLS is of what stands in front. */
const protection: Parameters<typeof helmet>[0] = {
  strictTransportSecurity: false,
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
};

const unknown: RequestHandler = () => {
  throw absent();
};
