import express, { type Express, type RequestHandler, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { ownHosts, ownPages } from './access.ts';
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
    .use(json, express.json({ limit: '64kb', inflate: false }))
    .use(documentation())
    .use(routes(face))
    .use(unknown)
    .use(problems(means.log, face.form));
}

/** One line for each answer, or for a request that was left before it. */
const told = (log: Logger): RequestHandler =>
  pinoHttp<Request, Response>({
    logger: log,
    quietReqLogger: true,
    serializers: { req: () => undefined, res: () => undefined, err: () => undefined },
    customAttributeKeys: { responseTime: 'ms' },
    customProps: ({ method, originalUrl }, { statusCode }) => ({
      method,
      url: printable(originalUrl),
      status: statusCode,
    }),
    customLogLevel: ({ originalUrl }) => (originalUrl.startsWith('/health/') ? 'debug' : 'info'),
    customSuccessMessage: () => 'answered',
    customErrorMessage: () => 'answered',
  });

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

const fresh: RequestHandler = (_req, res, next) => {
  res.set('cache-control', 'no-store');
  next();
};

const json: RequestHandler = (req, _res, next) => {
  const empty = req.get('transfer-encoding') === undefined && Number(req.get('content-length') ?? 0) === 0;
  if (!empty && req.is('application/json') === false)
    throw new HttpRefusal(415, 'the body is no application/json', 'Send application/json.', {
      accept: 'application/json',
    });
  next();
};

const unknown: RequestHandler = () => {
  throw new HttpRefusal(404, 'there is nothing at this path', '/docs shows what there is.');
};
