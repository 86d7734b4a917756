import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { ownHosts, ownPages } from './access.ts';
import { fresh, jsonBody } from './body.ts';
import { documentation } from './documentation.ts';
import { type Means, northbound } from './northbound/face.ts';
import { HttpRefusal, printable, problems } from './problem.ts';
import { routes } from './serve.ts';

/** What the inner listener serves: our own network. `hosts`: names under which it may be asked. */
export function app({ hosts, ...means }: Means & { readonly hosts: readonly string[] }): Express {
  const face = northbound(means);
  return express()
    .disable('etag')
    .enable('strict routing')
    .enable('case sensitive routing')
    .use(told(means.log), helmet(protection), fresh, ownHosts(hosts), ownPages)
    .use(...jsonBody)
    .use(documentation())
    .use(routes(face))
    .use(unknown)
    .use(problems(means.log, face.form));
}

/** One line for each answer. */
const told =
  (log: Logger): RequestHandler =>
  (req, res, next) => {
    const begun = performance.now();
    const [method, url] = [req.method, printable(req.originalUrl)];
    res.once('close', () => {
      const ms = Math.round(performance.now() - begun);
      log[url.startsWith('/health/') ? 'debug' : 'info']({ method, url, status: res.statusCode, ms }, 'answered');
    });
    next();
  };

/** Everything comes from here, and nothing is framed; TLS, where there is any, is somebody else's. */
const protection: Parameters<typeof helmet>[0] = {
  strictTransportSecurity: false,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
};

const unknown: RequestHandler = () => {
  throw new HttpRefusal(404, 'there is nothing at this path', '/docs shows what there is.');
};
