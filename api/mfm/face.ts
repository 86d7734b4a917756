import { deviceLeft, deviceTold } from '../../catalogue/devices.ts';
import { inventoryTold } from '../../catalogue/inventory.ts';
import { inventoryOf } from '../../catalogue/inventory-kept.ts';
import { jsonUpTo } from '../body.ts';
import { Malformed } from '../input.ts';
import { askingOf, type Mec040Means } from '../mec040/asking.ts';
import { always, license, openApiDocument, whenAsked, written } from '../openapi.ts';
import { HttpRefusal, problemDetails } from '../problem.ts';
import type { Face } from '../serve.ts';
import { descriptionTable, mfmTable, type MfmTable } from './table.ts';

/** Mfm-fed, our extension: a MEO tells what its system has, and which devices it serves. */
export function mfm(means: Mec040Means): Face<MfmTable> {
  const { catalogue, systemOf } = askingOf(means);
  return {
    table: mfmTable,
    form: problemDetails,
    admit: means.access.admit,
    reads: jsonUpTo('4mb'),
    handlers: {
      showInventory: async ({ params: { systemId: id }, res }) => {
        const { client } = systemOf(res);
        const known = await inventoryOf(catalogue, { id, client });
        if (typeof known === 'string') throw refused(known, client);
        res.set('etag', `"${known.tag}"`).json(known.inventory);
      },
      tellInventory: async ({ params: { systemId: id }, headers, body, res }) => {
        const { client } = systemOf(res);
        const told = await inventoryTold(catalogue, { id, client, tags: tagsIn(headers['if-match']) }, body);
        if (told === 'changed')
          throw new HttpRefusal(412, 'the inventory is not as under this tag any more', 'Read it, and tell it again.');
        if (typeof told === 'string') throw refused(told, client);
        if ('zone' in told) throw strayZone(told.zone);
        res.set('etag', `"${told.tag}"`).json(body);
      },
      tellDevice: async ({ params: { systemId: id, tag }, body, res }) => {
        const { client } = systemOf(res);
        const told = await deviceTold(catalogue, { id, client, tag }, body);
        if (told === 'noPlatform')
          throw malformed(['platform'], `there is no platform ${body.platform ?? ''} in the inventory of the system`);
        if (told !== 'kept') throw refused(told, client);
        res.status(204).end();
      },
      deviceLeft: async ({ params: { systemId: id, tag }, res }) => {
        const { client } = systemOf(res);
        const told = await deviceLeft(catalogue, { id, client, tag });
        if (told !== 'gone') throw refused(told, client);
        res.status(204).end();
      },
    },
  };
}

/** RFC 9110, 13.1.1: a weak tag never matches. */
const tagsIn = (ifMatch: string | undefined): string[] | undefined =>
  ifMatch?.split(',').map((tag) => tag.trim().replace(/^"(.*)"$/, '$1'));

const strayZone = (zone: string): Malformed =>
  malformed(['platforms'], `zone ${zone} of a platform is not among zones, nor in the configuration of the system`);

const malformed = (path: readonly string[], message: string): Malformed =>
  new Malformed('body', [{ code: 'custom', path: [...path], message, input: undefined }]);

const refused = (why: 'unknown' | 'foreign', client: string): HttpRefusal =>
  why === 'unknown'
    ? new HttpRefusal(404, 'the federation has no such system', 'Register it first (MEC 040).')
    : new HttpRefusal(403, `the system is not one that ${client} has registered`, 'Only its own client tells of it.');

export const mfmDocument = whenAsked(() =>
  openApiDocument(mfmTable, problemDetails, information, { refusals: byHttp, bearer: true }),
);

/** Whatever is asked; how long a body may be is said where there is one. */
const { 413: _, ...byHttp } = always;

/** Described to whoever speaks it. */
export function mfmDescription(): Face<typeof descriptionTable> {
  return {
    table: descriptionTable,
    form: problemDetails,
    admit: () => (_req, _res, next) => next(),
    handlers: { showMfm: written(mfmDocument) },
  };
}

const information = {
  title: 'Ferry: Mfm-fed',
  version: '1',
  description: 'What a MEC orchestrator tells its federator besides MEC 040 (ETSI GR MEC 035, Mfm-fed).',
  license,
};
