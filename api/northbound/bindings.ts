import { asked as askedLately } from '../../catalogue/asked.ts';
import { close } from '../../catalogue/bindings.ts';
import { type Binding, bindingAt, bindingById, bindingOfRun, bindingsListed } from '../../catalogue/bound.ts';
import { candidatesOf } from '../../catalogue/bindable.ts';
import type { Catalogue } from '../../catalogue/database.ts';
import { digest as digestOf } from '../../configuration/digest.ts';
import type { Federation } from '../../configuration/federation.ts';
import type { Configuration } from '../../configuration/peers.ts';
import type { BindingRequest } from '../../domain/binding-request.ts';
import { type BindingResult, bindingText } from '../../domain/binding.ts';
import { Refusal } from '../../domain/failures.ts';
import { textOf, type Wish } from '../../domain/wish.ts';
import type { Consumptions, Run } from '../consuming.ts';
import type { Handlers } from '../serve.ts';
import { actionsOf, type ServiceBinding } from '../service-bindings.ts';
import { nobody } from './unfederated.ts';
import { linked } from './pages.ts';
import type { NorthboundTable } from './table.ts';
import { BINDING_ID } from './table/bindings.ts';

interface Means {
  readonly configuration: Pick<Configuration, 'federation' | 'sites'>;
  readonly catalogue: Catalogue | undefined;
  readonly consumptions: Consumptions | undefined;
  readonly poke: (partner: string) => void;
}

type Names = 'consume' | 'listBindings' | 'showBinding' | 'releaseBinding';

/** What our platforms use of partners, and partners of ours: told from the newest row, before there is one from its run. */
export function bindingHandlers(means: Means): Handlers<NorthboundTable, Names> {
  const federated = (): { federation: Federation; catalogue: Catalogue; consumptions: Consumptions } => {
    const { configuration, catalogue, consumptions } = means;
    if (configuration.federation === undefined || catalogue === undefined || consumptions === undefined) throw nobody();
    return { federation: configuration.federation, catalogue, consumptions };
  };

  /** Null: there is nothing of it, here or at Temporal. */
  const look = async (id: string): Promise<ServiceBinding> => {
    const { catalogue, consumptions } = federated();
    const [, digest, key] = BINDING_ID.exec(id) ?? [];
    if (key === undefined) throw unknown(id);
    if (digest === undefined) {
      const row = await bindingById(catalogue, key);
      if (row === undefined || row.side !== 'producer') throw unknown(id);
      return ofRow(row);
    }
    const row = await bindingOfRun(catalogue, id);
    if (row?.state === 'open' && row.exposed_as !== null) return ofRow(row);
    const run = await consumptions.look(digest, key);
    if (run === undefined && row === undefined) throw unknown(id);
    return run === undefined ? ofRow(row as Binding) : ofRun(id, run, row);
  };

  const bound = async (request: BindingRequest, row: Binding): Promise<ServiceBinding> => {
    const { catalogue, federation } = federated();
    const { what, where, kpi } = request;
    const plain = where === undefined && kpi === undefined && what.version === undefined && what.of === undefined;
    const fits =
      plain || (await candidatesOf(catalogue, federation, wishOf(request))).some(({ offer }) => offer === row.offer);
    if (fits) return ofRow(row);
    const message = `${what.name} is bound at ${request.platform}, but not as it is wished now`;
    throw new Refusal('AlreadyBound', message, `/v1/service-bindings/${idOf(row)}`);
  };

  const end = async (id: string, { side, partner }: ServiceBinding): Promise<void> => {
    const { catalogue, consumptions } = federated();
    const [, digest, key = ''] = BINDING_ID.exec(id) ?? [];
    if (side === 'producer') {
      await close(catalogue, key, 'our operator has ended it');
      means.poke(partner ?? '');
    } else if (digest !== undefined && !(await consumptions.cancel(digest, key))) {
      const row = await bindingOfRun(catalogue, id);
      if (row !== undefined) await consumptions.release(row.id, row.partner ?? '', 'our operator has released it');
    }
  };

  return {
    consume: async ({ body: request, query: { waitSeconds }, res }) => {
      const { catalogue, federation, consumptions } = federated();
      demandSite(means.configuration, request);
      const row = await bindingAt(catalogue, placeOf(request));
      if (row?.state === 'open' && row.exposed_as !== null) {
        res.json(await bound(request, row));
        return;
      }
      const wish = wishOf(request);
      const question = digestOf(textOf({ find: 'platforms', wish }));
      if (await isMissed(catalogue, federation, wish, question))
        throw new Refusal(
          'NothingFound',
          `${wish.what.kind} ${wish.what.name}: no joined partner offers it, as was asked just now`,
        );
      const digest = digestOf(bindingText(request));
      const runId = await consumptions.consume(digest, request, question);
      if (waitSeconds > 0) await consumptions.settled(digest, runId, waitSeconds * 1_000);
      const shown = await look(`${digest}.${runId}`);
      if (shown.state === 'working') res.status(202).location(`/v1/service-bindings/${shown.id}`);
      res.json(shown);
    },

    listBindings: async ({ query: { limit, next: after, all }, req, res }) => {
      const { catalogue } = federated();
      const page = await bindingsListed(catalogue, { after, limit, closed: all === 'true' });
      const last = page.length === limit ? (page.at(-1)?.id ?? null) : null;
      res.json({ bindings: page.map(ofRow), next: linked(req, res, last, '/v1/service-bindings') });
    },

    showBinding: async ({ params: { id }, res }) => {
      res.json(await look(id));
    },

    releaseBinding: async ({ params: { id }, res }) => {
      const seen = await look(id);
      // What is over may be released again: the first answer may have been lost
      const isOver = !actionsOf(seen).includes('release');
      if (!isOver) await end(id, seen);
      const now = isOver ? seen : await look(id);
      res.status(202).location(`/v1/service-bindings/${id}`).json(now);
    },
  };
}

type Row = Binding & { readonly partner?: string | null };

const idOf = ({ id, run }: Binding): string => run ?? id;

const unknown = (id: string): Refusal => new Refusal('UnknownBinding', `there is no binding ${id}`);

const wishOf = ({ what, forApplication, where, kpi }: BindingRequest): Wish => ({
  what,
  ...(forApplication !== undefined && { forApplication }),
  ...(where !== undefined && { where }),
  ...(kpi !== undefined && { kpi }),
});

const placeOf = ({ system, platform, what, forApplication }: BindingRequest) => ({
  system,
  platform,
  kind: what.kind,
  offer_name: what.name,
  for_application: forApplication ?? null,
});

/** It is exposed there by the site's platform. */
function demandSite({ sites }: Pick<Configuration, 'sites'>, { system, platform }: BindingRequest): void {
  const hosts = Object.values(sites).flatMap((site) =>
    site.kind === 'mecHost' ? [`${site.system}/${site.host}`] : [],
  );
  if (hosts.includes(`${system}/${platform}`)) return;
  throw new Refusal(
    'UnknownName',
    `no site of the configuration is host ${platform} of ${system}; there is ${hosts.join(', ')}`,
  );
}

/** All who may be asked have said lately that they have no such thing. */
async function isMissed(catalogue: Catalogue, federation: Federation, wish: Wish, question: string): Promise<boolean> {
  const lately = await askedLately(catalogue, question);
  return lately?.complete === true && (await candidatesOf(catalogue, federation, wish)).length === 0;
}

type Told = Omit<ServiceBinding, 'actions'>;

const shown = (told: Told): ServiceBinding => ({ ...told, actions: actionsOf(told) });

const ofRow = (row: Row): ServiceBinding => shown(toldOf(row));

const toldOf = (row: Row): Told => ({
  id: idOf(row),
  name: row.name,
  side: row.side,
  state:
    row.state === 'admitting'
      ? 'working'
      : row.state === 'open' && isWhole(row)
        ? 'open'
        : row.state === 'closed'
          ? 'closed'
          : 'working',
  step: null,
  waitingFor: null,
  system: row.system ?? '',
  platform: row.platform ?? '',
  what: { kind: row.kind ?? 'service', name: row.offer_name ?? '' },
  forApplication: row.for_application,
  partner: row.partner ?? null,
  operator: row.operator,
  requests: Number(row.requests),
  bytes: Number(row.bytes),
  openedAt: iso(row.opened_at),
  usedAt: iso(row.used_at),
  closedAt: iso(row.closed_at),
  why: row.why,
  ...nothingTold,
});

/** At the consumer's applications find it. */
const isWhole = ({ side, exposed_as }: Binding): boolean => side === 'producer' || exposed_as !== null;

const nothingTold: Pick<ServiceBinding, 'asked' | 'tried' | 'failure' | 'leftovers' | 'durationsMs'> = {
  asked: [],
  tried: 0,
  failure: null,
  leftovers: [],
  durationsMs: {},
};

/** While it works, or where it was not bound: what the run tells, over what its newest row does. */
function ofRun(id: string, { request, running, standing, waitingFor }: Run, row: Row | undefined): ServiceBinding {
  const result: BindingResult | null = standing?.result ?? null;
  const base = row === undefined ? ofRequest(id, request) : toldOf(row);
  const failed = result !== null && result.failure !== null;
  return shown({
    ...base,
    state: running ? 'working' : failed ? 'failed' : base.state,
    step: running ? (standing?.step ?? null) : null,
    waitingFor: running ? waitingFor : null,
    durationsMs: { ...standing?.durationsMs },
    ...(result !== null && {
      asked: [...result.asked],
      tried: result.tried,
      failure: result.failure,
      leftovers: [...result.leftovers],
    }),
  });
}

const ofRequest = (id: string, { system, platform, what, forApplication }: BindingRequest): Told => ({
  id,
  name: null,
  side: 'consumer',
  state: 'working',
  step: null,
  waitingFor: null,
  system,
  platform,
  what: { kind: what.kind, name: what.name },
  forApplication: forApplication ?? null,
  partner: null,
  operator: null,
  requests: 0,
  bytes: 0,
  openedAt: null,
  usedAt: null,
  closedAt: null,
  why: null,
  ...nothingTold,
});

const iso = (instant: Date | null): string | null => instant?.toISOString() ?? null;
