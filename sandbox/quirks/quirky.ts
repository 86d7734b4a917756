import type { RequestHandler } from 'express';
import { answersForOthers } from '../foreign/asked.ts';
import { answers } from './answers.ts';
import { type Call, changeHeaders, lastOf } from './call.ts';
import { headers } from './headers.ts';
import { lists } from './lists.ts';
import type { Quirks } from './quirks.ts';
import { requests } from './requests.ts';
import type { QuirkName } from './table.ts';

/**
 * Quirks that show on the wire, in the order in which they touch an answer. The others are the
 * peers' own: `has`.
 */
const onTheWire: Partial<Record<QuirkName, (call: Call) => void>> = { ...answers, ...lists, ...headers };

/** Lets a peer be as it was ordered to be. */
export const quirky =
  (peer: string, quirks: Quirks): RequestHandler =>
  (req, res, next) => {
    const met = quirks.meet(peer, req);
    const memory = quirks.memory(peer);
    const call = { req, res, memory };
    res.locals['quirks'] = met;
    changeHeaders(res, () => {
      const location = res.getHeader('location');
      if ((res.statusCode === 201 || res.statusCode === 202) && typeof location === 'string')
        memory.created(lastOf(location));
    });
    for (const [name, act] of Object.entries(onTheWire).toReversed()) if (met.has(name as QuirkName)) act(call);
    for (const [name, refuses] of Object.entries(requests)) if (met.has(name as QuirkName) && refuses(call)) return;
    if (answersForOthers(quirks.foreign, peer, req, res)) return;
    next();
  };
