import type { Client } from '@temporalio/client';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Configuration } from '../configuration/peers.ts';
import { commandHandlers } from './commands.ts';
import { documentation } from './documentation.ts';
import { eventHandlers } from './events.ts';
import type { Handlers } from './handlers.ts';
import { type Condition, healthHandlers } from './health.ts';
import { parse } from './input.ts';
import { openApiDocument } from './openapi.ts';
import { type Operation, type OperationName, operations, route } from './operations.ts';
import { HttpRefusal, printable, problems } from './problem.ts';
import { Procedures } from './procedures.ts';
import { Reader } from './reader.ts';
import { relocationHandlers } from './relocations.ts';
import { Starter } from './starter.ts';

export interface Means {
  readonly temporal: Client;
  readonly configuration: Configuration;
  readonly taskQueue: string;
  readonly temporalUi: string | undefined;
  readonly condition: Condition;
  readonly log: Logger;
}

export function app({ temporal, configuration, taskQueue, temporalUi, condition, log }: Means): Express {
  const reader = new Reader(temporal, temporalUi);
  const starter = new Starter(temporal, reader, { taskQueue, configuration });
  const procedures = new Procedures(temporal, taskQueue);
  const description = openApiDocument();
  const handlers: Handlers<OperationName> = {
    ...relocationHandlers({ temporal, configuration, reader, starter, procedures }),
    ...commandHandlers(temporal, reader),
    ...eventHandlers(reader, condition.stopping, log),
    ...healthHandlers(temporal, condition),
    listPeers: async (_req, res) => {
      res.json({ peers: await procedures.survey() });
    },
    showDescription: (_req, res) => {
      res.json(description);
    },
  };

  const served = express()
    .disable('etag')
    .use(told(log), helmet(protection), fresh, ownPages, json, express.json({ limit: '64kb', inflate: false }))
    .use(documentation());
  for (const [name, operation] of Object.entries<Operation>(operations))
    served[operation.method](route(operation.path), nothingElse(operation), handlers[name as OperationName]);
  for (const path of new Set(Object.values(operations).map((operation) => operation.path)))
    served.route(route(path)).all(notAllowed(path));
  return served.use(unknown).use(problems(log));
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

const fresh: RequestHandler = (_req, res, next) => {
  res.set('cache-control', 'no-store');
  next();
};

/** A page from elsewhere must not command relocations through the browser of an operator. */
const ownPages: RequestHandler = (req, _res, next) => {
  const site = req.get('sec-fetch-site') ?? 'none';
  if (!['GET', 'HEAD'].includes(req.method) && !['none', 'same-origin'].includes(site))
    throw new HttpRefusal(403, 'the request comes from a page of another site', 'Use /docs, or the command line.');
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

const Nothing = z.strictObject({});

/** What an operation does not take is refused rather than passed over. */
const nothingElse =
  ({ query, body }: Operation): RequestHandler =>
  (req, _res, next) => {
    if (query === undefined) parse(Nothing, req.query, 'query');
    if (body === undefined) parse(Nothing, req.body ?? {}, 'body');
    next();
  };

function notAllowed(path: string): RequestHandler {
  const methods = Object.values<Operation>(operations)
    .filter((operation) => operation.path === path)
    .flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : ['POST']));
  return (req) => {
    throw new HttpRefusal(405, `${req.method} is not possible here`, `Use ${methods.join(', ')}.`, {
      allow: methods.join(', '),
    });
  };
}

const unknown: RequestHandler = () => {
  throw new HttpRefusal(404, 'there is nothing at this path', '/docs shows what there is.');
};
