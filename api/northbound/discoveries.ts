import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { asked as askedLately } from '../../catalogue/asked.ts';
import type { Catalogue } from '../../catalogue/database.ts';
import { type Candidate, candidates, systemsBy } from '../../catalogue/finding.ts';
import { type Usable, usableAgreements } from '../../catalogue/usable.ts';
import { digest as digestOf } from '../../configuration/digest.ts';
import type { Federation } from '../../configuration/federation.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { type Discovery, type Query, textOf } from '../../domain/wish.ts';
import { discoveryId } from '../../temporal/finding.ts';
import type { DiscoveryMemo } from '../../workflows/messages.ts';
import { type DiscoveryFound, DiscoveryRequest } from '../discovery.ts';
import type { Questions } from '../finding.ts';
import { failureBehind, HttpRefusal } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import { nobody } from './unfederated.ts';
import { CALL_MS } from './reader.ts';
import type { NorthboundTable } from './table.ts';
import { DISCOVERY_ID } from './table/discoveries.ts';

/** Of one answer: whoever wants others says more of what he wishes. */
const MOST = 100;

interface Means {
  readonly temporal: Client;
  readonly configuration: Pick<Configuration, 'federation'>;
  readonly catalogue: Catalogue | undefined;
  readonly questions: Questions | undefined;
}

type Told = Pick<DiscoveryFound, 'id' | 'state' | 'complete' | 'asked' | 'failure'>;

/** Questions to the federation: from the catalogue where it knows, else by the procedure that asks partners. */
export function discoveryHandlers(means: Means): Handlers<NorthboundTable, 'discover' | 'showDiscovery'> {
  const federated = (): { federation: Federation; catalogue: Catalogue; questions: Questions } => {
    const { configuration, catalogue, questions } = means;
    if (configuration.federation === undefined || catalogue === undefined || questions === undefined) throw nobody();
    return { federation: configuration.federation, catalogue, questions };
  };

  const shown = async (query: Query, digest: string, told: Told): Promise<DiscoveryFound> => {
    const { catalogue, federation } = federated();
    const theirs = await usableAgreements(catalogue, federation);
    const partners = new Map(theirs.map(({ id, partner }) => [id, partner] as const));
    return { ...told, query, ...(await foundIn(catalogue, query, digest, { theirs, partners })) };
  };

  return {
    discover: async ({ body: query, query: { waitSeconds }, res }) => {
      const { catalogue, questions } = federated();
      const digest = digestOf(textOf(query));
      const known = await knownOf(catalogue, query, digest);
      if (known !== undefined) {
        res.json(await shown(query, digest, { ...ended, complete: known.complete }));
        return;
      }
      const { runId, result } = await questions.discover(query, digest);
      const id = `${digest}.${runId}`;
      const late = sleep(waitSeconds * 1_000, undefined, { ref: false });
      const discovery = await Promise.race([result, late]);
      if (discovery === undefined) res.status(202).location(`/v1/discoveries/${id}`);
      res.json(await shown(query, digest, discovery === undefined ? { ...working, id } : { ...toldOf(discovery), id }));
    },
    showDiscovery: async ({ params: { id }, res }) => {
      federated();
      const [, digest, runId] = DISCOVERY_ID.exec(id) ?? [];
      if (digest === undefined || runId === undefined) throw unknown();
      const { query, told } = await runOf(means.temporal, digest, runId);
      res.json(await shown(query, digest, { ...told, id }));
    },
  };
}

const ended: Told = { id: null, state: 'ended', complete: true, asked: [], failure: null };
const working: Told = { ...ended, state: 'working', complete: null };
const toldOf = ({ complete, asked }: Discovery): Told => ({ ...ended, complete, asked });

/** A known member (TYPE-3) is looked up; all else is known as long as an answer to the very question is fresh. */
async function knownOf(
  catalogue: Catalogue,
  query: Query,
  digest: string,
): Promise<{ readonly complete: boolean } | undefined> {
  if (query.find === 'systems' && 'system' in query.by) return { complete: true };
  return await askedLately(catalogue, digest);
}

async function runOf(temporal: Client, digest: string, runId: string): Promise<{ query: Query; told: Told }> {
  const handle = temporal.workflow.getHandle(discoveryId(digest), runId);
  const within = async <T>(call: () => Promise<T>): Promise<T> =>
    await temporal.withDeadline(Date.now() + CALL_MS, call);
  try {
    const { status, memo } = await within(async () => await handle.describe());
    const { query } = (memo ?? {}) as Partial<DiscoveryMemo>;
    const parsed = DiscoveryRequest.safeParse(query);
    if (!parsed.success) throw unknown();
    if (status.name === 'RUNNING') return { query: parsed.data, told: working };
    const told = await within(async () => (await handle.result()) as Discovery).then(toldOf, failed);
    return { query: parsed.data, told };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw unknown();
    throw error;
  }
}

function failed(error: unknown): Told {
  const failure = failureBehind(error);
  if (failure === undefined) throw error;
  return { ...working, state: 'failed', failure };
}

interface Seen {
  readonly theirs: readonly Usable[];
  /** By agreement. */
  readonly partners: ReadonlyMap<string, string>;
}

async function foundIn(
  catalogue: Catalogue,
  query: Query,
  digest: string,
  { theirs, partners }: Seen,
): Promise<Pick<DiscoveryFound, 'systems' | 'platforms'>> {
  const whose = (agreement: string | null): string | null =>
    agreement === null ? null : (partners.get(agreement) ?? null);
  if (query.find === 'platforms')
    return {
      systems: [],
      platforms: byPlatform(await candidates(catalogue, query.wish, { theirs, limit: MOST }), whose),
    };
  const members = await systemsBy(catalogue, query.by, { theirs, digest, limit: MOST });
  return {
    systems: members.map(({ id: system, name, provider, operator, agreement }) => ({
      system,
      name,
      provider,
      operator,
      partner: whose(agreement),
    })),
    platforms: [],
  };
}

type PlatformFound = DiscoveryFound['platforms'][number];

function byPlatform(offers: readonly Candidate[], whose: (agreement: string | null) => string | null): PlatformFound[] {
  const platforms = new Map<string, PlatformFound>();
  for (const candidate of offers) {
    const { platform, system, systemName, operator, agreement, lat, lon, km } = candidate;
    const place = lat === null || lon === null ? null : { lat, lon, km };
    const found = platforms.get(platform) ?? {
      platform,
      system,
      systemName,
      operator,
      partner: whose(agreement),
      place,
      offers: [],
    };
    found.offers.push(offerOf(candidate));
    platforms.set(platform, found);
  }
  return [...platforms.values()];
}

const offerOf = (candidate: Candidate): PlatformFound['offers'][number] => {
  const { offer, kind, name, version, state, transport, serializer, latencyMs, achievableMs, bandwidthKbps } =
    candidate;
  return { offer, kind, name, version, state, transport, serializer, latencyMs, achievableMs, bandwidthKbps };
};

const unknown = (): HttpRefusal =>
  new HttpRefusal(404, 'there is no such question; one that has ended is kept for a while', 'Ask it again.');
