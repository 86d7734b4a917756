import { readdirSync, readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RelocationList } from '../../api/resources.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import { claimNetwork } from '../support/network.ts';
import { callsIn, distinct, operationOf, unpublished } from '../support/published.ts';
import { Stage } from '../support/stage.ts';

/**
 * What Ferry asks of others, and what it keeps of them: in relocations that go through, that are refused, cancelled and
 * rolled back, and in a survey.
 */
const { net: NET } = await claimNetwork();
const USER = 'ue-2';

let stage: Stage;
let histories: readonly History[];

interface History {
  readonly outcome: string;
  readonly users: string;
  /** Every payload decoded. */
  readonly events: unknown;
}

beforeAll(async () => {
  stage = await Stage.set(NET, { environment: { FERRY_LOG_LEVEL: 'debug' } });
  await stage.fault({
    peer: 'platform-a1',
    operation: 'POST /rni/v2/subscriptions',
    times: 1,
    kind: 'status',
    status: 403,
  });
  await stage.relocate('cloud', 'a1'); // rolled back
  await stage.relocate('cloud', 'a1', { users: USER });
  await stage.relocate('cloud', 'a1');
  const { id } = await stage.begin('a1', 'a2', { cutOver: { approval: true } });
  await stage.reaches(id, ['held']);
  await stage.post(`/v1/relocations/${id}/cancel`);
  await stage.ends(id);
  await stage.relocate('cloud', 'a1'); // refused: nobody is there any more
  await stage.relocate('a1', 'w1');
  await stage.relocate('w1', 'cloud');
  await stage.ask('/v1/peers');
  histories = await exported();
}, 180_000);

afterAll(async () => await stage?.strike());

async function exported(): Promise<History[]> {
  const connection = await Connection.connect({ address: stage.temporal });
  const { workflow } = new Client({ connection, namespace: stage.namespace });
  const { relocations } = (await (await stage.ask('/v1/relocations?limit=100')).json()) as RelocationList;
  const all: History[] = [];
  for (const { id, request, outcome } of relocations.toReversed()) {
    const { workflowId, runId } = parseRelocationId(id) ?? { workflowId: '', runId: '' };
    const history = await workflow.getHandle(workflowId, runId).fetchHistory();
    const events = decoded(JSON.parse(historyToJSON(history)));
    all.push({ outcome: outcome ?? 'none', users: request.users, events });
  }
  await connection.close();
  return all;
}

/** With what payloads carry (`data`, base64 of JSON) in their place. */
function decoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) => {
      if (name !== 'data' || typeof member !== 'string') return [name, decoded(member)];
      const text = Buffer.from(member, 'base64').toString('utf8');
      try {
        return [name, JSON.parse(text) as unknown];
      } catch {
        return [name, text];
      }
    }),
  );
}

/** Each text in it, with the name of the member that holds it. */
function texts(value: unknown, name = ''): (readonly [name: string, text: string])[] {
  if (typeof value === 'string') return [[name, value]];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, member]) => [['', key] as const, ...texts(member, key)]);
}

const address = /\b\d{1,3}(\.\d{1,3}){3}\b|https?:\/\//;
const secret = /authorization|bearer|passw|secret|credential|api.?key/i;
/** The application's own: numbers of accepted writes, device addresses, callbacks. */
const context = /^(accepted|entries|intervals?|deviceAddress)$|callback/i;

const found = (events: unknown, pattern: RegExp): string[] =>
  texts(events).flatMap(([name, text]) => (pattern.test(text) ? [`${name}: ${text}`] : []));

it('went through, was rolled back, cancelled and refused, as the rest of these tests supposes', () => {
  expect(histories.map(({ outcome }) => outcome)).toEqual([
    'rolledBack',
    'relocated',
    'relocated',
    'rolledBack',
    'refused',
    'relocated',
    'relocated',
  ]);
});

it('calls nothing but published operations, also when it undoes, refuses and surveys', () => {
  const calls = callsIn(readFileSync(stage.worker.log, 'utf8'));
  process.stdout.write(`${calls.length} calls of ${distinct(calls).length} distinct operations.\n`);
  expect(unpublished(calls)).toEqual([]);
  expect(distinct(calls)).toContain('GET /dev_app/v1/app_list');
  expect(distinct(calls).length).toBeGreaterThan(35);
});

it('would see a call that nobody has published', () => {
  const line = (method: string, path: string): string => JSON.stringify({ peer: 'meo-cellular', method, path });
  const log = [
    line('GET', '/app_lcm/v1/app_instances'),
    line('GET', '/app_lcm/v1/app_instances/4/peek'),
    line('PUT', '/app_lcm/v1/app_instances'),
    line('GET', '/sandbox/state'),
    'no line of ours',
  ].join('\n');
  expect(unpublished(callsIn(log))).toEqual([
    'meo-cellular: GET /app_lcm/v1/app_instances/4/peek',
    'meo-cellular: PUT /app_lcm/v1/app_instances',
    'meo-cellular: GET /sandbox/state',
  ]);
  expect(operationOf({ peer: '', method: 'GET', path: '/app_lcm/v1/app_instancesX' })).toBeUndefined();
});

it('has one way out to peers, the one that writes this log', () => {
  const root = new URL('../../', import.meta.url);
  const opens = /(?<![#.\w])fetch\(|from '(undici|node:(http|https|http2|net|dgram|dns|tls)(\/promises)?)'/;
  const only = /import \{ (BlockList|isIP|isIPv4|isIPv6)(, (isIP|isIPv4|isIPv6))* \} from 'node:net'/g;
  const types = /^import type [^;]*;$/gm;
  const open = ['domain', 'workflows', 'activities', 'protocols', 'adapters', 'configuration', 'worker'].flatMap(
    (folder) =>
      readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => `${folder}/${file}`)
        .filter((file) =>
          opens.test(readFileSync(new URL(file, root), 'utf8').replaceAll(only, '').replaceAll(types, '')),
        ),
  );
  // Besides: whether a port answers at all, how http.ts connects, and what is asked of the worker itself
  expect(open).toEqual(['adapters/http.ts', 'adapters/listening.ts', 'adapters/secured.ts', 'worker/metrics.ts']);
});

it('keeps no address, no secret and nothing of a user in a history', () => {
  for (const { events } of histories)
    for (const pattern of [address, secret, context]) expect(found(events, pattern)).toEqual([]);
});

it('names a user only where he was asked for, and only as that', () => {
  for (const { users, events } of histories) {
    const named = texts(events).filter(([, text]) => /ue-\d/.test(text));
    const other = named.filter(([name, text]) => name !== 'users' || text !== users);
    expect({ other, named: named.length > 0 }).toEqual({ other: [], named: users !== '*' });
  }
});

it('would find an address, a secret, a callback or a user in a payload', () => {
  const payload = (value: unknown): unknown =>
    decoded({ payloads: [{ data: Buffer.from(JSON.stringify(value)).toString('base64') }] });
  expect(found(payload({ at: { host: '127.71.21.1' } }), address)).toEqual(['host: 127.71.21.1']);
  expect(found(payload({ Authorization: 'Bearer x' }), secret)).toHaveLength(2);
  expect(found(payload({ callback: '/rni/notify' }), context)).toHaveLength(1);
  expect(texts(payload({ message: 'ue-2 is gone' }))).toContainEqual(['message', 'ue-2 is gone']);
});
