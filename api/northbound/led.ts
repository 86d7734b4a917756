import type { Client } from '@temporalio/client';
import { ANCHORS } from '../../temporal/anchoring.ts';
import type { AnchorMemo } from '../../workflows/messages.ts';
import type { ApplicationSeen } from '../resources.ts';
import { CALL_MS } from './reader.ts';

type Led = NonNullable<ApplicationSeen['led']>[number];

const RUNNING = `${ANCHORS} AND ExecutionStatus = 'Running'`;
/** Of each application; a network has few holders, however many users are led through them. */
const AT_MOST = 100;
/** Anchors that are looked at: what there is beyond them, lists tell. */
const LOOKED_AT = 10_000;

/** Which devices of other access networks are led to which application, as Temporal's index knows it: one question for all. */
export async function ledTo(temporal: Client): Promise<ReadonlyMap<string, readonly Led[]>> {
  return await temporal.withDeadline(Date.now() + CALL_MS, async () => {
    const memos: unknown[] = [];
    for await (const { memo } of temporal.workflow.list({ query: RUNNING, pageSize: 1_000 })) {
      memos.push(memo);
      if (memos.length >= LOOKED_AT) break;
    }
    return ledBy(memos);
  });
}

/** By application. Whoever is led alike is one of them: no user is named. */
export function ledBy(memos: readonly unknown[]): ReadonlyMap<string, readonly Led[]> {
  const byApplication = new Map<string, Map<string, Led>>();
  for (const memo of memos) {
    const { request, standing = null } = (memo ?? {}) as Partial<AnchorMemo>;
    if (request === undefined) continue; // started by hand
    const { application, users, network } = request;
    const { way = null, relayed = false, source = request.source, from = null, holder = null } = standing ?? {};
    const silent = standing?.silentSince ?? null;
    const alike = { network, site: source, instance: from, way, holder, relayed };
    const key = JSON.stringify(alike);
    const ways = byApplication.get(application) ?? new Map<string, Led>();
    const { anchors = 0, everybody = false, silentSince = silent } = ways.get(key) ?? {};
    if (ways.size < AT_MOST || anchors > 0)
      ways.set(key, {
        ...alike,
        everybody: everybody || users === '*',
        silentSince: silentSince ?? silent,
        anchors: anchors + 1,
      });
    byApplication.set(application, ways);
  }
  return new Map([...byApplication].map(([name, ways]) => [name, [...ways.values()]]));
}
