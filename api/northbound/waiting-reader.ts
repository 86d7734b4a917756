import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { atOnce } from '../../domain/at-once.ts';
import { Refusal } from '../../domain/failures.ts';
import { followerIdOf } from '../../domain/identity.ts';
import { type NeedsPerson, needsPerson } from '../../domain/waits.ts';
import { anchorIdOf } from '../../temporal/anchoring.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import type { FederationWith, Relocation, WaitingFor } from '../resources.ts';
import { personOf } from '../waiting-for.ts';
import { AnchorReader } from './anchor-reader.ts';
import { evacuationIdOf, EvacuationReader } from './evacuation-reader.ts';
import { fenceIdOf, FenceReader } from './fence-reader.ts';
import { FollowerReader } from './follower-reader.ts';
import { indexed } from './index-of-runs.ts';
import type { Reader } from './reader.ts';
import type { Waiting } from './table/waiting.ts';

const AT_ONCE = 10;

/** What a resource of whichever kind tells of its waiting. */
interface Told {
  readonly about: string;
  readonly ended: boolean;
  readonly waitingFor: WaitingFor | null;
  readonly actions: Waiting['actions'];
  readonly links: { readonly self: string; readonly temporal?: string | null };
}

interface Kind {
  readonly kind: Waiting['kind'];
  readonly idOf: (info: WorkflowExecutionInfo) => string;
  readonly read: (id: string, info: WorkflowExecutionInfo) => Promise<Told>;
}

/** Whatever waits for a person is found in the index by its word, of whichever kind it is, and read as that kind is. */
export class WaitingReader {
  readonly #temporal: Client;
  readonly #reader: Reader;
  readonly #kinds: Readonly<Record<string, Kind>>;

  constructor(temporal: Client, reader: Reader, temporalUi: string | undefined) {
    [this.#temporal, this.#reader] = [temporal, reader];
    this.#kinds = kindsOf(temporal, temporalUi);
  }

  async page(query: string, limit: number, token?: Uint8Array): Promise<{ waiting: Waiting[]; token: Uint8Array }> {
    const page = await indexed(this.#temporal, query, limit, token);
    const moves = await this.#relocations(page.infos);
    const told = await atOnce(AT_ONCE, page.infos, async (info) => moves.get(info.runId) ?? (await this.#other(info)));
    return { waiting: told.flatMap((one) => one ?? []), token: page.token };
  }

  /** Together: no other is asked once no worker has answered. */
  async #relocations(infos: readonly WorkflowExecutionInfo[]): Promise<ReadonlyMap<string, Waiting>> {
    const seen = (await Promise.all(infos.map(async (info) => await this.#reader.see(info)))).flatMap(
      (one) => one ?? [],
    );
    const entries = await this.#reader.entries(seen);
    return new Map(
      entries.flatMap((relocation, at) => {
        const [waiting, runId] = [waitingOfMove(relocation), seen[at]?.runId ?? ''];
        return waiting === undefined ? [] : [[runId, waiting] as const];
      }),
    );
  }

  /** Undefined: it goes on since, or is no run of ours. */
  async #other(info: WorkflowExecutionInfo): Promise<Waiting | undefined> {
    const kind = this.#kinds[info.type];
    const state = stateOf(info);
    if (kind === undefined || state === undefined) return undefined;
    const id = kind.idOf(info);
    try {
      const { about, ended, waitingFor, actions, links } = await kind.read(id, info);
      if (ended || waitingFor === null) return undefined;
      const { self, temporal = null } = links;
      return { kind: kind.kind, id, about, state, waitingFor, actions, links: { self, temporal } };
    } catch (error) {
      if (error instanceof Refusal) return undefined; // kept no longer than the index says
      throw error;
    }
  }
}

const whose = (users: string): string => (users === '*' ? 'all users' : users);

const stateOf = ({ typedSearchAttributes }: WorkflowExecutionInfo): NeedsPerson | undefined => {
  const word = typedSearchAttributes.get(searchAttributes.outcome);
  return needsPerson.find((each) => each === word);
};

export function waitingOfMove(relocation: Relocation): Waiting | undefined {
  const { id, request, state, waitingFor, actions, links } = relocation;
  if ((state !== 'held' && state !== 'paused' && state !== 'parked') || waitingFor === null) return undefined;
  const { application, source, target, users } = request;
  const about = `${application}: ${source} → ${target}, ${whose(users)}`;
  const { self, temporal } = links;
  return { kind: 'relocation', id, about, state, waitingFor, actions, links: { self, temporal } };
}

function kindsOf(temporal: Client, temporalUi: string | undefined): Readonly<Record<string, Kind>> {
  const anchors = new AnchorReader(temporal, temporalUi);
  const evacuations = new EvacuationReader(temporal, temporalUi);
  const followers = new FollowerReader(temporal, temporalUi);
  const fences = new FenceReader(temporal);
  return {
    anchorApplication: {
      kind: 'anchor',
      idOf: anchorIdOf,
      read: async (id) => {
        const anchor = await anchors.read(id);
        const { application, users, network } = anchor.request;
        const goesOn = (anchor.state === 'holds' && anchor.silentSince === null) || anchor.state === 'releasing';
        return {
          ...anchor,
          about: `${application}: ${network} → ${anchor.source}, ${whose(users)}`,
          ended: goesOn || anchor.endedAt !== null,
        };
      },
    },
    evacuateHost: {
      kind: 'evacuation',
      idOf: evacuationIdOf,
      read: async (id) => {
        const evacuation = await evacuations.read(id);
        const { request, returns, state } = evacuation;
        const [site, others] = [request.site, (request.among ?? []).join(', ')];
        const about = returns === null ? `${site} → ${others}` : `${others} → ${site}, what comes back`;
        return { ...evacuation, about, ended: state !== 'paused' };
      },
    },
    followDevice: {
      kind: 'follower',
      idOf: ({ workflowId }) => followerIdOf(workflowId),
      read: async (id, info) => {
        const { request, state, since, dueAt, trouble, links } = await followers.read(id);
        const what = 'a site, a network or a location service that an operator sees to: the last look led to nothing';
        const waitingFor = personOf(info, since ?? info.startTime.toISOString())(what, null, trouble);
        return {
          about: `${request.application} follows ${request.user}`,
          ended: state === 'ended' || state === 'terminated' || (state !== null && trouble === null),
          waitingFor: { ...waitingFor, nextAt: dueAt },
          actions: [],
          links,
        };
      },
    },
    fenceSource: {
      kind: 'fence',
      idOf: fenceIdOf,
      read: async (id) => {
        const fencing = await fences.read(id);
        const { application, source, state } = fencing;
        return {
          ...fencing,
          about: `${application} at ${source}, taken to be dead`,
          ended: state === 'retiring' || state === 'ended',
        };
      },
    },
  };
}

/** Partners whom our operator has suspended, or with whom something is wrong. */
export function waitingOfPartner({ partner, uses, serves }: FederationWith): Waiting[] {
  const problems = [uses.problem, serves.problem].filter((problem) => problem !== null);
  const suspended = [uses, serves].filter(({ ours }) => ours === 'suspended');
  if (problems.length === 0 && suspended.length === 0) return [];
  const since = [...suspended, uses, serves]
    .map((one) => one.since ?? one.silentSince ?? one.heardAt ?? one.joinedAt)
    .find((at) => at !== null);
  return [
    {
      kind: 'federation',
      id: partner,
      about: `the federation with ${partner}`,
      state: suspended.length > 0 ? 'suspended' : 'troubled',
      waitingFor: {
        what:
          suspended.length > 0
            ? `an operator: suspended by us; resume it, or leave`
            : 'an operator who sees to the partner, or to what he is told of',
        since: since ?? new Date(0).toISOString(),
        until: null,
        attempt: null,
        nextAt: null,
        lastFailure: problems.length === 0 ? null : problems.join('; '),
        call: `temporal workflow describe --workflow-id federation:${partner}`,
      },
      actions: suspended.length > 0 ? ['resume', 'leave'] : [],
      links: { self: `/v1/federations/${partner}`, temporal: null },
    },
  ];
}
