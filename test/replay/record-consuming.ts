import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { temporalCli } from '../../servers/obtain.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import { setup } from '../setup/postgres.ts';
import { Consuming, platformWith, request, type Started } from '../support/consuming.ts';
import { Engine } from '../support/engine.ts';
import type { Heard } from '../support/faulty-server.ts';

/** Records the histories of consumptions that later versions have to replay, as record.ts does those of relocations. */
type Scenario = (world: Consuming, started: Started) => Promise<WorkflowHandle>;

const isPut = (of: string, { method, path }: Heard): boolean => method === 'PUT' && path.includes(`/${of}/`);
const no = { status: 403, json: { title: 'no' } };

const scenarios: Readonly<Record<string, Scenario>> = {
  'consume-service-federated.open': async (_, { consume }) => await consume(),
  'consume-service-federated.known': async (_, { consume }) => {
    await (await consume()).result();
    return await consume({ ...request, forApplication: 'navigation' });
  },
  'consume-service-federated.nothingFound': async (world, { consume }) => {
    world.platforms = [];
    return await consume();
  },
  'consume-service-federated.refusedThenNext': async (world, { consume }) => {
    world.platforms = [platformWith([{ latencyMs: 1 }]), platformWith([{ latencyMs: 9 }])];
    let refused = false;
    world.before = (each) => {
      if (refused || !isPut('bindings', each)) return undefined;
      refused = true;
      return { status: 409, json: { title: 'no' } };
    };
    return await consume();
  },
  'consume-service-federated.rolledBack': async (world, { consume }) => {
    world.pathIsOpen = false;
    return await consume();
  },
  'consume-service-federated.undoFailed': async (world, { consume }) => {
    world.pathIsOpen = false;
    world.before = ({ method, path }) =>
      method === 'DELETE' && path.includes('/decisions/') ? { status: 503 } : undefined;
    return await consume();
  },
  'consume-service-federated.cancelled': async (world, { consume }) => {
    const handle: { cancel?: () => Promise<unknown> } = {};
    world.before = (each) => {
      if (!isPut('bindings', each)) return undefined;
      void handle.cancel?.();
      return { status: 503 };
    };
    const run = await consume();
    handle.cancel = async () => await run.cancel();
    return run;
  },
  'release-service.released': async (world, { consume, release }) => {
    await (await consume()).result();
    const [row] = await world.rows();
    return await release(row?.id ?? '');
  },
  'release-service.undoFailed': async (world, { consume, release }) => {
    await (await consume()).result();
    const [row] = await world.rows();
    world.before = ({ method }) => (method === 'DELETE' ? { status: 503 } : undefined);
    return await release(row?.id ?? '');
  },
  'admit-consumer.admitted': async (world, { admit }) => await admit(await world.announcedToUs()),
  'admit-consumer.refused': async (world, { admit }) => {
    world.before = (each) => (isPut('decisions', each) ? no : undefined);
    return await admit(await world.announcedToUs());
  },
};

const folder = fileURLToPath(new URL('histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function record(name: string, play: Scenario, engine: Engine): Promise<void> {
  const world = await Consuming.set(engine);
  try {
    await world.over(async (started) => {
      const run = await play(world, started);
      await run.result();
      const history = historyToJSON(await run.fetchHistory());
      const file = `${name}.${version}.json`;
      await writeFile(`${folder}${file}`, history.replaceAll(root, '')); // stacks tell where the checkout is
      process.stdout.write(`${file}\n`);
    });
  } finally {
    await world.strike();
  }
}

const stopPostgres = await setup();
const engine = await Engine.start(await temporalCli());
try {
  for (const [name, play] of Object.entries(scenarios)) await record(name, play, engine);
} finally {
  await engine.stop();
  await stopPostgres();
}
