import { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import { base as mec016Base } from '../../protocols/mec016/contexts.ts';
import { failures, type FailureType, Refusal } from '../../domain/failures.ts';
import type { Desk, Means } from '../northbound/face.ts';
import { outward } from '../outward.ts';
import { failureBehind, HttpRefusal, problems } from '../problem.ts';
import { routes } from '../serve.ts';
import { cloudsTable, mx1Base } from './clouds-table.ts';
import { cloudsHandlers } from './clouds.ts';
import { devicesTable } from './devices-table.ts';
import { devicesHandlers } from './devices.ts';
import { Moving } from './moving.ts';

/**
 * What our OSS and our LCM proxies relay for those outside: clouds and what runs there (Mx1), devices (Mx2). Who asks is
 * known to whoever relays; what is told names places, and no site.
 */
export function outsiders({ configuration, log }: Omit<Means, 'federated'>, desk: Desk) {
  const moving = new Moving(configuration, desk);
  return Router({ caseSensitive: true })
    .use(mec016Base, routes({ table: devicesTable, handlers: devicesHandlers(configuration, moving), admit }))
    .use(mx1Base, routes({ table: cloudsTable, handlers: cloudsHandlers(configuration, moving), admit }))
    .use([mec016Base, mx1Base], outwardly)
    .use(mec016Base, asListed)
    .use([mec016Base, mx1Base], problems(log, outward));
}

/** MEC 016 lists no 409: what is not possible now it calls forbidden. */
const asListed: ErrorRequestHandler = (error, _req, _res, next) => {
  const conflict = error instanceof HttpRefusal && error.status === 409;
  next(conflict ? new HttpRefusal(403, error.message, error.remedy) : error);
};

const admit = (): RequestHandler => everybody;
const everybody: RequestHandler = (_req, _res, next) => next();

/** What failed is told by its kind: its words name sites, peers and who else is moved. */
const said: Partial<Record<FailureType, string>> = {
  UnknownName: 'there is no such application, or no such user',
  NotServing: 'nobody serves these users now',
  AlreadyRelocating: 'these users are being moved',
  NotPossibleNow: 'these users cannot be served there now',
};

const outwardly: ErrorRequestHandler = (error, _req, _res, next) => {
  const failure = error instanceof Refusal ? error : failureBehind(error);
  if (failure === undefined) return next(error);
  const { status } = failures[failure.type];
  const mild = failure.type === 'UnknownName' ? 404 : status;
  next(new HttpRefusal(mild, said[failure.type] ?? 'this is not possible now', 'Ask again later.'));
};
