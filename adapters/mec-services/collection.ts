import { z } from 'zod';
import { mayPass } from '../../activities/failure.ts';
import type { MecService, SubscriptionType } from '../../protocols/mec-services/service.ts';
import { entriesOf, hrefOf, unwrapped } from '../../protocols/mec-services/shapes.ts';
import type { Exchange } from '../http.ts';
import { lastSegment } from '../links.ts';
import { partsOf } from '../paging.ts';

type Json = Readonly<Record<string, unknown>>;

/** Where subscriptions of a service lie. */
export interface Place {
  readonly service: MecService;
  readonly types: Readonly<Record<string, SubscriptionType>>;
  /** Below the platform's url. */
  readonly path: string;
}

/** The places of a service, those of its newest version first. */
export const placesOf = (service: MecService, instance: string): readonly Place[] =>
  service.bases.flatMap((base) =>
    Object.entries(service.collections).map(([collection, types]) => ({
      service,
      types,
      path: `${base.replace('{appInstanceId}', encodeURIComponent(instance))}${collection}`,
    })),
  );

/** No such service. */
export const ABSENT = [404, 410, 501];
const CLOSED = [400, 401, 403, 405, 406];
/** The servers of the earlier MEC 021 answer it to a list that is not asked by type. */
const TYPE_DEMANDED = 400;
const LIST = { schema: z.unknown(), mixed: true, alsoExpect: [...ABSENT, ...CLOSED] } as const;

/**
 * Each entry by its id, which is a path below the platform's url; or that there is no such list, or
 * why it is shut.
 */
export type Listed =
  | { readonly is: 'open'; readonly entries: ReadonlyMap<string, Json> }
  | { readonly is: 'absent'; readonly told: string }
  | { readonly is: 'closed'; readonly told: string };

export async function listOf(platform: Exchange, { path, service }: Place, signal: AbortSignal): Promise<Listed> {
  const entries = new Map<string, Json>();

  async function gather(first: string): Promise<{ readonly status: number; readonly told: string }> {
    let last = { status: 200, told: '' };
    for await (const answer of partsOf(platform, { ...LIST, path: first }, signal)) {
      last = answer;
      for (const entry of answer.status < 300 ? entriesOf(answer.body) : []) {
        const id = idOf(path, hrefOf(entry));
        if (id !== undefined) entries.set(id, entry);
      }
    }
    return last;
  }

  try {
    let { status, told } = await gather(path);
    if (status === TYPE_DEMANDED && service.byType !== undefined) {
      const { parameter, values } = service.byType;
      // A server may have one type and not the other
      for (const value of values) {
        const answer = await gather(`${path}?${parameter}=${value}`);
        if (status >= 300) ({ status, told } = answer);
      }
    }
    if (ABSENT.includes(status)) return { is: 'absent', told };
    return status < 300 ? { is: 'open', entries } : { is: 'closed', told };
  } catch (error) {
    if (signal.aborted || mayPass(error)) throw error;
    return { is: 'closed', told: (error as Error).message };
  }
}

const UNREADABLE = [...ABSENT, ...CLOSED, 500];

/** One subscription; else the status that says why not (null: what it answers cannot be read). */
export async function readOne(
  platform: Exchange,
  id: string,
  signal: AbortSignal,
): Promise<Json | { readonly unreadable: number | null }> {
  try {
    const call = { method: 'GET', path: id, schema: z.unknown(), alsoExpect: UNREADABLE } as const;
    const { status, body } = await platform.ask(call, signal);
    if (status >= 300) return { unreadable: status };
    return unwrapped(body) ?? { unreadable: null };
  } catch (error) {
    if (signal.aborted || mayPass(error)) throw error;
    return { unreadable: null };
  }
}

export const isUnreadable = (read: Json): read is { readonly unreadable: number | null } => 'unreadable' in read;

/**
 * Whatever host and path a link names, it is asked of the platform that we know; undefined: it
 * names nothing.
 */
export function idOf(collection: string, href: string | null): string | undefined {
  const segment = href === null ? '' : lastSegment(href);
  return /^\.*$/.test(segment) ? undefined : `${collection}/${encodeURIComponent(segment)}`;
}
