import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { type Sight, systemsOf, tagOfSystems } from '../../catalogue/shared.ts';
import { systemsShownTo, type Zone, zonesShownTo } from '../../domain/policy.ts';
import { type Relation, type SharedSystem, VERSION } from '../../protocols/mff/relation.ts';
import { jsonBody } from '../body.ts';
import { license, openApiDocument, whenAsked, written } from '../openapi.ts';
import { servedOf } from '../partners/asking.ts';
import { admission } from '../partners/door.ts';
import { outward } from '../outward.ts';
import type { Face, Table } from '../serve.ts';
import { isKnown } from '../tags.ts';
import { bindingHandlers, type BindingsMeans } from './bindings.ts';
import { type QuestionMeans, questionHandlers } from './questions.ts';
import { descriptionTable, mffTable, type MffTable } from './table.ts';

/** With as many pages as the other side reads, more systems than it takes. */
const PAGE = 500;

/** Mff-fed, what is ours of it: what we want of the agreement, the systems that the partner may see, and what it asks. */
export function mff(means: QuestionMeans & BindingsMeans): Face<MffTable> {
  const { catalogue, federation, configuration } = means;
  const systems = Object.keys(configuration.systems);
  const sightOf = (agreement: string, partner: string): Sight => ({
    agreement,
    systems: systemsShownTo(federation.shares, partner, systems),
  });

  return {
    table: mffTable,
    form: outward,
    admit: admission(means),
    reads: jsonBody,
    handlers: {
      ...bindingHandlers(means),
      ...questionHandlers(means),
      showRelation: async ({ res }) => {
        const { id, partner, ours, since } = servedOf(res);
        const { operator, role, pace, gateway } = federation;
        const relation: Relation = {
          operator: operator.id,
          role,
          will: ours,
          since: since.toISOString(),
          version: VERSION,
          assurance: ['charging', 'monitoring'],
          ...(gateway !== undefined && { gateway: gateway.outer }),
          systemsTag: await tagOfSystems(catalogue, sightOf(id, partner)),
          zonesTag: tagOfZones(id, zonesShownTo(federation.shares, partner, configuration.sites)),
          validSeconds: pace.validSeconds,
        };
        res.json(relation);
      },
      listSystems: async ({ query: { after }, headers, res }) => {
        const { id, partner } = servedOf(res);
        const sight = sightOf(id, partner);
        const tag = `"${await tagOfSystems(catalogue, sight)}"`;
        res.set({ etag: tag, 'cache-control': 'private, no-cache' });
        if (isKnown(headers['if-none-match'], tag)) {
          res.status(304).end();
          return;
        }
        const page = await systemsOf(catalogue, sight, { after, limit: PAGE });
        const last = page.at(-1)?.alias;
        if (page.length === PAGE && last !== undefined) res.set('link', `<systems?after=${last}>; rel="next"`);
        res.json(
          page.map(
            ({ alias: system, name, provider, operator, hasMeo }): SharedSystem => ({
              system,
              name,
              provider,
              operator,
              ...(hasMeo && { meo: system }),
            }),
          ),
        );
      },
    },
  };
}

/** Of the agreement's own id too, which no partner knows: partners that are offered the same are told different tags. */
const tagOfZones = (agreement: string, zones: readonly Zone[]): string =>
  createHash('sha256')
    .update(JSON.stringify([agreement, zones]))
    .digest('base64url');

export const mffDocument = whenAsked(() =>
  openApiDocument(withBodies(mffTable), outward, information, { refusals: byHttp, bearer: true }),
);

/** A body is read only where one is taken. */
const withBodies = (table: Table): Table =>
  Object.fromEntries(
    Object.entries(table).map(([name, operation]) => [
      name,
      operation.body === undefined ? operation : { ...operation, refusals: { ...ofBodies, ...operation.refusals } },
    ]),
  );

/** The extension, described to whoever speaks it. */
export function description(): Face<typeof descriptionTable> {
  return {
    table: descriptionTable,
    form: outward,
    admit: () => anybody,
    handlers: { showExtension: written(mffDocument) },
  };
}

const information = {
  title: 'Ferry: Mff-fed',
  version: VERSION,
  description: 'What one federator of MEC systems asks another besides E/WBI (ETSI GR MEC 035, Mff-fed).',
  license,
};

const ofBodies = { 413: 'Its body is longer than 64 kB.', 415: 'Its body is no application/json.' };

/** Whatever is asked. */
const byHttp = {
  400: 'The request is malformed; `errors` names what to mend.',
  408: 'It did not arrive in time.',
  417: 'It expects something else than 100-continue.',
  431: 'Request line and headers are longer than 16 kB.',
  500: 'A mistake of the federator that is asked.',
};

const anybody: RequestHandler = (_req, _res, next) => next();
