import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Direction, Will } from '../../domain/federation.ts';
import { want } from '../../catalogue/wills.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import { poke } from '../../workflows/messages.ts';
import { setup } from '../setup/postgres.ts';
import { type CatalogueOfTest, catalogueOfTest } from '../support/catalogue.ts';
import { Engine } from '../support/engine.ts';
import { Federated } from '../support/federated.ts';
import { PlayedPartner, SECRET } from '../support/played-partner.ts';

/** Records the histories of federations that later versions have to replay, as record.ts does those of relocations. */
interface Scene {
  readonly run: Federated;
  readonly partner: PlayedPartner;
  readonly wants: (direction: Direction, ours: Will) => Promise<void>;
}

const scenarios: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  joined: async ({ run, partner }) => {
    await run.joined();
    partner.tag = 'tag-2';
    await run.round();
  },
  refused: async ({ run, partner }) => {
    partner.refuses = true;
    await run.waits();
    await run.round();
  },
  silent: async ({ run, partner }) => {
    await run.joined();
    partner.before = () => ({ status: 503 });
    await run.round();
    partner.before = () => undefined;
    await run.round();
  },
  suspended: async ({ run, partner, wants }) => {
    await run.joined();
    partner.will = 'suspended';
    await run.round();
    await wants('uses', 'suspended');
    await run.round();
  },
  leftAndJoinedAgain: async ({ run, wants }) => {
    await run.joined();
    await wants('uses', 'ended');
    await run.round();
    await wants('uses', 'open');
    await run.round();
    await run.joined();
  },
  goneThere: async ({ run, partner }) => {
    await run.joined();
    partner.context = undefined;
    await run.round();
  },
  over: async ({ run, wants }) => {
    await run.joined();
    await wants('uses', 'ended');
    await wants('serves', 'ended');
    await run.handle.signal(poke);
    await run.handle.result();
  },
};

const folder = fileURLToPath(new URL('histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function record(name: string, engine: Engine, own: CatalogueOfTest): Promise<void> {
  const partner = await PlayedPartner.start(5_000);
  const wants: Scene['wants'] = async (direction, ours) =>
    await want(own.catalogue, { partner: 'b', direction, ours, why: 'recorded' });
  try {
    await Federated.over(engine, own, partner.federation(), async (run) => {
      await scenarios[name]?.({ run, partner, wants });
      const file = `join-federation.${name}.${version}.json`;
      const history = historyToJSON(await run.handle.fetchHistory());
      await writeFile(`${folder}${file}`, history.replaceAll(root, '')); // stacks tell where the checkout is
      process.stdout.write(`${file}\n`);
    });
  } finally {
    await partner.server.close();
  }
}

process.env['TEST_SECRET_OF_B'] = SECRET;
const stopPostgres = await setup();
const engine = await Engine.start(await temporalCli());
try {
  for (const name of Object.keys(scenarios)) {
    const own = await catalogueOfTest();
    try {
      await record(name, engine, own);
    } finally {
      await own.drop();
    }
  }
} finally {
  await engine.stop();
  await stopPostgres();
}
