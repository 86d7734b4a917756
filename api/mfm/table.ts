import { z } from 'zod';
import { base, Device, Inventory, Tag } from '../../protocols/mfm/inventory.ts';
import type { Table } from '../serve.ts';

const One = z.strictObject({
  systemId: z.string().meta({ description: 'Of the own system, as MEC 040 has told it.' }),
});
const OneDevice = One.extend({ tag: Tag.meta({ description: 'The ueIdentityTag (MEC 014), never a number.' }) });
const Tagged = z.object({ ETag: z.string().meta({ description: 'Changes with what there is.' }) });
const usual = { scope: 'mfm', failures: ['CatalogueUnavailable'], asksTemporal: false } as const;
const inventory = { description: 'As it is now.', schema: Inventory, headers: Tagged };
const refusals = {
  401: 'There is no token of ours, or it is not valid.',
  403: 'The system is not the one that the client has registered, or the token lacks the scope mfm.',
  404: 'There is no such system.',
};

/** Mfm-fed, what MEC 040 does not carry: what a MEO tells of its system (GR MEC 035, [5.5.2-1]). */
export const mfmTable = {
  showInventory: {
    ...usual,
    method: 'get',
    path: `${base}/systems/{systemId}/inventory`,
    summary: 'What the own system has, as the federator knows it',
    params: One,
    answers: { 200: inventory },
    refusals,
  },
  tellInventory: {
    ...usual,
    method: 'put',
    path: `${base}/systems/{systemId}/inventory`,
    summary: 'Tell zones, platforms and what these offer',
    description:
      'All of it: what is not in it any more is gone at once, and is the same again if it comes back within a day.',
    params: One,
    headers: z.object({ 'if-match': z.string().optional() }),
    body: Inventory,
    answers: { 200: inventory },
    refusals: { ...refusals, 412: 'It is not as under the tag of If-Match any more.', 413: 'It is longer than 4 MB.' },
  },
  tellDevice: {
    ...usual,
    method: 'put',
    path: `${base}/systems/{systemId}/devices/{tag}`,
    summary: 'Tell that the own system serves a device',
    params: OneDevice,
    body: Device,
    answers: { 204: { description: 'It is known until it expires.' } },
    refusals,
  },
  deviceLeft: {
    ...usual,
    method: 'delete',
    path: `${base}/systems/{systemId}/devices/{tag}`,
    summary: 'Tell that the own system does not serve a device any more',
    params: OneDevice,
    answers: { 204: { description: 'It is not known, whether or not it was.' } },
    refusals,
  },
} as const satisfies Table;

export type MfmTable = typeof mfmTable;

export const descriptionTable = {
  showMfm: {
    method: 'get',
    path: `${base}/openapi.json`,
    scope: 'anybody',
    summary: 'This description',
    answers: { 200: { description: 'An OpenAPI 3.1 document.', schema: z.looseObject({ openapi: z.string() }) } },
    failures: [],
    asksTemporal: false,
  },
} as const satisfies Table;
