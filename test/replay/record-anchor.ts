import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { temporalCli } from '../../servers/obtain.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import { abandon, anchorStatus, cancel, sourceMoved } from '../../workflows/messages.ts';
import { type AnchorHandle, anchoring, type Beginning, held } from '../support/anchored-engine.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { PortWorld } from '../support/world.ts';

/** Records the histories of anchors that later versions have to replay, as record.ts does those of relocations. */
type Scenario = (begin: Beginning, world: PortWorld) => Promise<WorkflowHandle>;

const released = async (handle: AnchorHandle): Promise<AnchorHandle> => {
  await held(handle);
  await handle.executeUpdate(cancel);
  return handle;
};

const scenarios: Readonly<Record<string, Scenario>> = {
  released: async ({ anchor }) => await released(await anchor()),
  byTheNetwork: async ({ anchor }, world) => {
    Object.assign(world.at('a1')[0] ?? {}, { role: 'standby' });
    Object.assign(world.at('cloud')[0] ?? {}, { role: 'authority' });
    return await released(await anchor({ source: 'cloud' }));
  },
  refused: async ({ anchor }, world) => {
    world.steerable = false;
    return await anchor();
  },
  rolledBack: async ({ anchor }, world) => {
    world.on('w1.path.write', 'PeerRejected');
    return await anchor();
  },
  moved: async ({ anchor, relocate }) => {
    const handle = await anchor();
    await held(handle);
    await (await relocate()).result();
    await eventually(async () => (await held(handle)).source === 'a2');
    await eventually(async () => (await held(handle)).under === null);
    return await released(handle);
  },
  abandoned: async ({ anchor }, world) => {
    const handle = await anchor({}, { insistMs: 3_600_000 });
    await held(handle);
    world.on('w1.instances.remove', ...Array.from({ length: 9 }, () => 'PeerRejected' as const));
    await handle.executeUpdate(cancel);
    await eventually(async () => (await handle.query(anchorStatus)).state === 'parked', 20_000);
    await handle.executeUpdate(abandon);
    return handle;
  },
  /** The second run of a chain. */
  goesOnAnew: async ({ anchor, client }) => {
    const first = await anchor({}, {}, 80);
    await held(first);
    const { runId } = await first.describe();
    const handle: AnchorHandle = client.workflow.getHandle(first.workflowId);
    const heard = { relocation: 'of-nobody', target: 'a2', to: 'nobody' };
    while ((await handle.describe()).runId === runId) await handle.signal(sourceMoved, heard);
    return await released(handle);
  },
};

const folder = fileURLToPath(new URL('histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function keep(handle: Pick<WorkflowHandle, 'fetchHistory'>, name: string, what: string): Promise<void> {
  const file = `${name}.${version}.json`;
  const history = historyToJSON(await handle.fetchHistory());
  await writeFile(`${folder}${file}`, history.replaceAll(root, '')); // stacks tell where the checkout is
  process.stdout.write(`${file}: ${what}\n`);
}

const engine = await Engine.start(await temporalCli());
try {
  for (const [name, play] of Object.entries(scenarios)) {
    const world = new PortWorld(0);
    const source = world.servedAt('a1');
    for (const n of [1, 2]) world.subscribe(source, n);
    await anchoring(engine, world, async (begin) => {
      const handle = await play(begin, world);
      const { outcome } = (await handle.result()) as { outcome: string };
      await keep(handle, `anchor-application.${name}`, outcome);
    });
  }
  const mark = engine.environment.client.workflow.getHandle('anchored:counter');
  await mark.result();
  await keep(mark, 'mark-anchored.over', 'over');
} finally {
  await engine.stop();
}
