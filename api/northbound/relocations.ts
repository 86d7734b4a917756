import type { Client } from '@temporalio/client';
import type { Response } from 'express';
import type { Configuration } from '../../configuration/peers.ts';
import { Refusal } from '../../domain/failures.ts';
import type { Plan, RelocationRequest } from '../../domain/relocation.ts';
import type { locateApplications } from '../../workflows/locate-applications.ts';
import { demandKnown, directionOf } from './direction.ts';
import { listed, queryFor } from './index-of-runs.ts';
import { following, tokenIn } from './pages.ts';
import { answerDue, type Procedures } from './procedures.ts';
import type { Reader } from './reader.ts';
import type { RelocationList } from '../resources.ts';
import type { Handlers } from '../serve.ts';
import type { Starter } from './starter.ts';
import type { NorthboundTable } from './table.ts';

type Whereabouts = Awaited<ReturnType<typeof locateApplications>>[number];

interface Means {
  readonly temporal: Client;
  readonly configuration: Configuration;
  readonly reader: Reader;
  readonly starter: Starter;
  readonly procedures: Procedures;
}

export const relocationHandlers = ({
  temporal,
  configuration,
  reader,
  starter,
  procedures,
}: Means): Handlers<
  NorthboundTable,
  'planRelocation' | 'findPlacements' | 'startRelocation' | 'returnRelocation' | 'listRelocations' | 'showRelocation'
> => ({
  planRelocation: async ({ body: request, res }) => {
    const direction = directionOf(request, configuration);
    const due = answerDue();
    const plan = await procedures.plan({ request, direction, pace: configuration.pace }, due);
    const nobody = plan.obstacles.some(({ failure }) => failure === 'NotServing');
    res.json(nobody ? serving(plan, await procedures.locate([request.application], due).catch(() => [])) : plan);
  },

  findPlacements: async ({ body: request, res }) => {
    demandKnown(request, configuration);
    res.json(await procedures.place({ request, pace: configuration.pace }));
  },

  startRelocation: async ({ headers, body: request, res }) => {
    const direction = directionOf(request, configuration);
    begun(res, reader, await starter.start(request, direction, headers['idempotency-key']));
  },

  returnRelocation: async ({ params: { id }, body: { cutOver }, res }) => {
    const { outcome, state, request, links } = await reader.read(id);
    if (outcome !== 'relocated' && outcome !== 'relocatedSourceKept')
      throw new Refusal('NotPossibleNow', `it has moved nobody: it is ${outcome ?? state}`, links.self);
    const { application, users, source, target, accept } = request;
    const accepted = accept === undefined ? {} : { accept };
    const back: RelocationRequest = { application, users, source: target, target: source, ...accepted, cutOver };
    begun(res, reader, await starter.start(back, directionOf(back, configuration), `return:${id}`));
  },

  listRelocations: async ({ query: asked, req, res }) => {
    const { limit, next, ...filter } = asked;
    const query = queryFor(filter);
    const page = await listed(temporal, query, limit, tokenIn(next, query), async (info) => await reader.see(info));
    const list: RelocationList = {
      relocations: [...(await reader.entries(page.seen))],
      next: following(req, res, page.token, { path: '/v1/relocations', query }),
    };
    res.json(list);
  },

  showRelocation: async ({ params, res }) => {
    res.json(await reader.read(params.id));
  },
});

function begun(res: Response, reader: Reader, { seen, replayed }: Awaited<ReturnType<Starter['start']>>): void {
  const relocation = reader.brief(seen);
  if (replayed) res.set('idempotency-replayed', 'true');
  res.status(202).location(relocation.links.self).json(relocation);
}

/** Who is not served by the source is served elsewhere: where, was found by asking every instance. */
function serving(plan: Plan, [seen]: readonly Whereabouts[]): Plan {
  const names = (seen?.sites ?? [])
    .filter(({ instances }) => instances.some(({ serves }) => serves === 'all' || serves === 'some'))
    .map(({ site }) => site);
  if (names.length === 0) return plan;
  const found = `; users of it are served at ${names.join(', ')}`;
  return {
    ...plan,
    obstacles: plan.obstacles.map((one) =>
      one.failure === 'NotServing' ? { ...one, detail: `${one.detail}${found}` } : one,
    ),
  };
}
