import type { RequestHandler } from 'express';
import { z } from 'zod';
import { agreementOfKey, statusTold } from '../../catalogue/agreements.ts';
import { type StatusCallback, StatusCallback as Status, willIn, ZoneCallback } from '../../protocols/ewbi/callbacks.ts';
import { jsonBody } from '../body.ts';
import type { Face, Operation, Table } from '../serve.ts';
import { found, partnerOf } from './asking.ts';
import type { DoorMeans } from './door.ts';
import { absent, ewbiForm } from './refusals.ts';

const OfKey = z.object({ key: z.string() });
const called = { method: 'post', scope: 'anybody', params: OfKey, failures: [], asksTemporal: false } as const;

/** The ends of the links that we give with an agreement that we use: only its partner knows the key. */
const callbackTable = {
  statusChanged: {
    ...called,
    path: '/callbacks/v1/{key}/partnerStatusLink',
    summary: 'The federation, or what is offered under it, has changed',
    body: Status,
    answers: { 204: { description: 'It is looked at.' } },
  },
  zoneChanged: {
    ...called,
    path: '/callbacks/v1/{key}/availZoneNotifLink',
    summary: 'The resources of a zone have changed',
    body: ZoneCallback,
    answers: { 200: { description: 'It is looked at.' } },
  },
} as const satisfies Table;

export interface CallbackMeans extends Pick<DoorMeans, 'catalogue' | 'federation'> {
  readonly poke: (partner: string) => void;
}

/** What is called back only pokes: the truth is asked for. A partner that speaks E/WBI only has no other way to tell its will. */
export function callbacks({ catalogue, federation, poke }: CallbackMeans): Face<typeof callbackTable> {
  const admit =
    (_scope: unknown, { path }: Operation): RequestHandler =>
    async (req, res, next) => {
      found(res).route = path;
      const { key } = req.params;
      const agreement = typeof key === 'string' && KEY.test(key) ? await agreementOfKey(catalogue, key) : undefined;
      if (agreement?.direction !== 'uses' || federation.partners[agreement.partner] === undefined) throw absent();
      found(res).partner = agreement.partner;
      found(res).called = agreement.id;
      next();
    };

  const told = async (id: string, partner: string, status: StatusCallback): Promise<void> => {
    const said = federation.partners[partner]?.dialect === 'ferry' ? undefined : willIn(status);
    if (said !== undefined) await statusTold(catalogue, { id }, said);
  };

  return {
    table: callbackTable,
    form: ewbiForm,
    admit,
    reads: jsonBody,
    handlers: {
      statusChanged: async ({ body, res }) => {
        await told(found(res).called ?? '', partnerOf(res), body);
        poke(partnerOf(res));
        res.status(204).end();
      },
      zoneChanged: ({ res }) => {
        poke(partnerOf(res));
        res.status(200).end();
      },
    },
  };
}

/** 32 bytes, in base64url. */
const KEY = /^[\w-]{43}$/;
