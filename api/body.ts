import express, { type RequestHandler } from 'express';
import { HttpRefusal } from './problem.ts';

const json: RequestHandler = (req, _res, next) => {
  const empty = req.get('transfer-encoding') === undefined && Number(req.get('content-length') ?? 0) === 0;
  if (!empty && req.is('application/json') === false)
    throw new HttpRefusal(415, 'the body is no application/json', 'Send application/json.', {
      accept: 'application/json',
    });
  next();
};

/** Bodies are JSON, of a bounded length, and of no content encoding. */
export const jsonUpTo = (limit: string): readonly RequestHandler[] => [json, express.json({ limit, inflate: false })];

export const jsonBody = jsonUpTo('64kb');

/** What is answered holds now. */
export const fresh: RequestHandler = (_req, res, next) => {
  res.set('cache-control', 'no-store');
  next();
};
