import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { temporalCli } from '../../servers/obtain.ts';
import { setup } from '../setup/postgres.ts';
import { catalogueOfTest } from '../support/catalogue.ts';
import { Discovering, type DiscoveringPlan } from '../support/discovering.ts';
import { Engine } from '../support/engine.ts';
import { PlayedPartner, SECRET } from '../support/played-partner.ts';

/** Records the histories of questions that later versions have to replay, as record.ts does those of relocations. */
interface Scene {
  readonly run: Discovering;
  readonly b: PlayedPartner;
  readonly c: PlayedPartner;
}

interface Scenario {
  readonly play: (scene: Scene) => Promise<Parameters<Discovering['history']>[0]>;
  readonly plan?: Partial<DiscoveringPlan>;
}

const named = (name: string) => ({ what: { kind: 'service', name } }) as const;

const scenarios: Readonly<Record<string, Scenario>> = {
  'discover-platform.asked': {
    play: async ({ run, b }) => {
      b.offers('speech');
      await run.join('b');
      await run.join('c');
      return (await run.platforms(named('speech'))).body;
    },
  },
  'discover-platform.inPart': {
    play: async ({ run, c }) => {
      c.before = ({ path }) => (path.endsWith('-queries') ? { status: 503 } : undefined);
      await run.join('b');
      await run.join('c');
      return (await run.platforms(named('speech'))).body;
    },
  },
  'discover-platform.joinedOnMiss': {
    play: async ({ run, c }) => {
      c.offers('speech');
      await run.join('b');
      return (await run.platforms(named('speech'))).body;
    },
    plan: { more: { c: { join: 'onMiss' } } },
  },
  'discover-platform.knownByThen': {
    play: async ({ run }) => {
      await run.join('b');
      await run.platforms(named('speech'));
      return await run.anew(named('speech'));
    },
  },
  'discover-system.asked': {
    play: async ({ run, b }) => {
      b.found = [{ system: 'alias-b' }];
      await run.join('b');
      return (await run.systems({ service: 'speech' })).body;
    },
  },
  'answer-partner.asked': { play: async ({ run }) => await run.answers(named('speech')) },
};

const folder = fileURLToPath(new URL('histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function record(name: string, { play, plan = {} }: Scenario, engine: Engine): Promise<void> {
  const own = await catalogueOfTest();
  const [b, c] = await Promise.all([PlayedPartner.start(5_000), PlayedPartner.start(5_000)]);
  try {
    await Discovering.over(engine, own, { partners: { b, c }, ...plan }, async (run) => {
      const { text } = await run.history(await play({ run, b, c }));
      const file = `${name}.${version}.json`;
      await writeFile(`${folder}${file}`, text.replaceAll(root, '')); // stacks tell where the checkout is
      process.stdout.write(`${file}\n`);
    });
  } finally {
    await Promise.all([b.server.close(), c.server.close()]);
    await own.drop();
  }
}

process.env['TEST_SECRET_OF_B'] = SECRET;
const stopPostgres = await setup();
const engine = await Engine.start(await temporalCli());
try {
  for (const [name, scenario] of Object.entries(scenarios)) await record(name, scenario, engine);
} finally {
  await engine.stop();
  await stopPostgres();
}
