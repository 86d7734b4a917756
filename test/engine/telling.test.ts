import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Telling } from '../../api/telling.ts';
import { admission, callerOf } from '../../api/tokens/admission.ts';
import { Tokens } from '../../doors/tokens/tokens.ts';
import { openCatalogue } from '../../catalogue/database.ts';
import { notTold, due, TRIES } from '../../catalogue/notices.ts';
import { subscribe } from '../../catalogue/subscriptions.ts';
import { change, register } from '../../catalogue/systems.ts';
import { tellingOver } from '../../worker/subscribers.ts';
import { FerryWorkers } from '../../worker/workers.ts';
import { named, Served } from '../support/api.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { federationOfTest } from '../support/federation.ts';
import { eventually } from '../support/eventually.ts';
import { memberSystems } from '../support/mec040.ts';
import { engine, temporal, servedByTheEngine } from '../support/served-engine.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';

servedByTheEngine();

const log = pino({ level: 'silent' });
const root = 'http://ferry.example/fed_enablement/v1';

interface Heard {
  readonly path: string;
  readonly body: {
    readonly notificationType: string;
    readonly updatedSystemInfo: readonly { systemId: string; systemName: string; systemProvider: string }[];
    readonly _links: { readonly subscription: { readonly href: string } };
  };
}

let own: CatalogueOfTest;
let meo: Server;
let at: string;
let heard: Heard[];
/** What the MEO answers, one after the other; then 204. */
let answers: number[];
beforeAll(async () => {
  own = await catalogueOfTest();
  meo = createServer((req, res) => {
    let text = '';
    req.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    req.once('end', () => {
      heard.push({ path: req.url ?? '', body: JSON.parse(text) as Heard['body'] });
      res.writeHead(answers.shift() ?? 204).end();
    });
  });
  await once(meo.listen(0, '127.0.0.1'), 'listening');
  at = `http://127.0.0.1:${(meo.address() as AddressInfo).port}`;
});
afterAll(async () => {
  meo?.closeAllConnections();
  meo?.close();
  await own?.drop();
});
beforeEach(async () => {
  [heard, answers] = [[], []];
  await sql`truncate system, subscription, notice cascade`.execute(own.catalogue);
});

const configuration = {
  systems: memberSystems,
  peers: {
    ...named.peers,
    meo: { kind: 'platform' as const, url: 'http://127.0.0.1:1', insecure: true as const, timeoutMs: 1_000 },
  },
};

const subscribed = async (callback = `${at}/told?tenant=7`) =>
  await subscribe(own.catalogue, { client: 'meo-one', callback, root, systems: null, validSeconds: 600 });

const registered = async (name: string, client = 'meo-two') => {
  const member = await register(own.catalogue, {
    name,
    provider: 'P',
    operator: 'operator-a',
    local: client,
    meo: 'meo',
    client,
  });
  if (typeof member === 'string') throw new Error(member);
  return member;
};

const left = async (): Promise<number> => (await own.catalogue.selectFrom('notice').select('n').execute()).length;

/** `changed` says that there is something to tell; the worker comes once `before` is over. */
async function over(
  before: () => Promise<unknown>,
  scenario: (changed: () => void, taskQueue: string) => Promise<void>,
): Promise<void> {
  const taskQueue = `telling-${randomUUID()}`;
  const stopping = new AbortController();
  const telling = new Telling(temporal, { taskQueue, world: undefined }, log, stopping.signal);
  await before();
  telling.changed();
  const workers = await FerryWorkers.create({
    connection: engine.environment.nativeConnection,
    namespace: engine.environment.namespace ?? 'default',
    workflowBundle,
    taskQueue,
    activities: tellingOver(configuration, own.catalogue, log),
    capacity: { slots: { steps: 10, waits: 10 }, maxCachedWorkflows: 10 },
  });
  const playing = async (): Promise<void> => {
    try {
      await scenario(() => telling.changed(), taskQueue);
    } finally {
      await ended();
    }
  };
  try {
    await workers.runUntil(playing());
  } finally {
    stopping.abort();
  }
}

const run = () => temporal.workflow.getHandle('subscribers');
const ended = async (): Promise<void> => {
  try {
    await eventually(async () => (await run().describe()).status.name !== 'RUNNING', 5_000);
  } finally {
    await run()
      .terminate()
      .catch(() => undefined);
  }
};

it('a subscriber is told what was registered while no worker was there, and the run ends', async () => {
  const subscription = await subscribed();
  let id = '';
  await over(
    async () => ({ id } = await registered('wifi')),
    async () => {
      await eventually(async () => (await left()) === 0);
      expect(heard).toEqual([
        {
          path: '/told?tenant=7',
          body: {
            notificationType: 'SystemUpdateNotification',
            updatedSystemInfo: [{ systemId: id, systemName: 'wifi', systemProvider: 'P' }],
            _links: { subscription: { href: `${root}/subscriptions/${subscription?.id}` } },
          },
        },
      ]);
    },
  );
  const { history } = { history: JSON.stringify((await run().fetchHistory()).events) };
  expect(history).not.toContain('tenant');
  expect((await run().describe()).status.name).toBe('COMPLETED');
});

it('of each system the latest, once, however often it changed', async () => {
  await subscribed();
  await over(
    async () => {
      const { id } = await registered('wifi');
      for (const name of ['one', 'two', 'three'])
        await change(own.catalogue, { agreements: [] }, { id, client: 'meo-two', name });
    },
    async () => {
      await eventually(async () => (await left()) === 0);
      expect(heard.map(({ body }) => body.updatedSystemInfo.map(({ systemName }) => systemName))).toEqual([['three']]);
    },
  );
});

it('many are told a hundred at a time', async () => {
  await subscribed();
  await over(
    async () =>
      await sql`
        with made as (insert into system (name, provider, operator)
          select 's' || n, 'P', 'a' from generate_series(1, 250) n returning id, name, provider)
        insert into notice (subscription, system, name, provider)
        select s.id, made.id, made.name, made.provider from made, subscription s`.execute(own.catalogue),
    async () => {
      await eventually(async () => (await left()) === 0);
      expect(heard.map(({ body }) => body.updatedSystemInfo.length)).toEqual([100, 100, 50]);
    },
  );
});

it('a subscriber that cannot be told is told later, and holds up nobody else', async () => {
  answers = [503, 500];
  await subscribed();
  await subscribed(`${at}/other`);
  await over(
    async () => await registered('wifi'),
    async (changed) => {
      await eventually(() => heard.length === 2);
      changed();
      await eventually(async () => (await left()) === 0);
      expect(heard).toHaveLength(4);
    },
  );
  const { status } = await run().describe();
  expect(status.name).toBe('COMPLETED');
});

it('nobody is told at a host that is not the MEO’s own any more', async () => {
  await subscribed('http://127.0.0.2:9/told');
  await over(
    async () => await registered('wifi'),
    async () => await eventually(async () => (await left()) === 0),
  );
  expect(heard).toEqual([]);
});

it('a subscriber that never answers is given up after a while, and told of what comes then', async () => {
  await subscribed();
  await registered('wifi');
  const [one] = await due(own.catalogue);
  if (one === undefined) throw new Error('nobody is due');
  for (let tries = 1; tries < TRIES; tries += 1) expect(await notTold(own.catalogue, one)).toBe(false);
  expect(await due(own.catalogue)).toEqual([]);
  expect(await left()).toBe(1);
  expect(await notTold(own.catalogue, one)).toBe(true);
  expect(await left()).toBe(0);
  await registered('cellular', 'meo-one');
  expect(await due(own.catalogue)).toHaveLength(1);
});

it('the API is not ready while its database does not answer, and says which it is', async () => {
  const federation = federationOfTest();
  const access = { admit: admission(new Tokens(federation.issuers)), callerOf };
  const catalogue = await openCatalogue({ url: own.url, connections: 1 });
  const api = await Served.start({ temporal, federation, federating: { catalogue, access, changed: () => undefined } });
  try {
    expect((await api.get('/health/ready')).status).toBe(200);
    await catalogue.destroy();
    const { status, headers, body } = await api.get('/health/ready');
    expect([status, headers.get('retry-after'), body.failure]).toEqual([503, '2', 'CatalogueUnavailable']);
  } finally {
    await api.stop();
  }
});
