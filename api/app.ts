import express, { type Express, type Request, type RequestHandler, type Response, Router } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { ownHosts, ownPages } from './access.ts';
import { fresh, jsonBody } from './body.ts';
import { bases } from '../protocols/mec040/members.ts';
import { consolePage } from './console.ts';
import { documentation } from './documentation.ts';
import type { Federating } from './federated.ts';
import { deskOf, type Means, northbound } from './northbound/face.ts';
import { outsiders } from './outsiders/outsiders.ts';
import { HttpRefusal, printable, problems } from './problem.ts';
import { routes } from './serve.ts';
import { TAKEN_MS, takenWithin } from './taken.ts';

type InnerMeans = Omit<Means, 'federated'> & {
  /** Names under which it may be asked. */
  readonly hosts: readonly string[];
  readonly federating?: Federating | undefined;
  /** From a request to when its answer has been taken. */
  readonly takenMs?: number;
};

/** What the inner listener serves: our own network. */
export function app({ hosts, federating, takenMs = TAKEN_MS, ...means }: InnerMeans): Express {
  const { catalogue, consumptions } = federating ?? {};
  const federated = catalogue && federating?.faces.federatedNorthbound({ ...means, catalogue, consumptions });
  const desk = deskOf(means);
  const face = northbound({ ...means, federated }, desk);
  return express()
    .disable('etag')
    .enable('strict routing')
    .enable('case sensitive routing')
    .use(told(means.log), takenWithin(takenMs), helmet(protection), fresh, ownHosts(hosts), ownPages)
    .use(inventories(means, federating))
    .use(...jsonBody)
    .use(consolePage())
    .use(documentation())
    .use(routes(face))
    .use(outsiders(means, desk))
    .use(members(means, federating))
    .use(unknown)
    .use(problems(means.log, face.form));
}

/** Faces of the federation for our own network: MEC 040 under both of its spellings. */
function members({ configuration }: Pick<Means, 'configuration'>, federating: Federating | undefined): Router {
  const router = Router({ caseSensitive: true });
  const { federation } = configuration;
  if (federation === undefined || federating === undefined) return router;
  return router.use([...bases], routes(federating.faces.mec040({ configuration, federation, ...federating })));
}

/** What MEOs tell may be long, and is read once it is known who tells it. */
function inventories({ configuration }: Pick<Means, 'configuration'>, federating: Federating | undefined): Router {
  const { federation } = configuration;
  if (federation === undefined || federating === undefined) return Router();
  const { mfm, mfmDescription } = federating.faces;
  return Router().use(routes(mfmDescription()), routes(mfm({ configuration, federation, ...federating })));
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

const unknown: RequestHandler = () => {
  throw new HttpRefusal(404, 'there is nothing at this path', '/docs shows what there is.');
};
