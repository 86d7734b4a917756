import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { evacuationActivities } from '../../activities/evacuation/evacuate-host.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { evacuationOf } from '../../temporal/evacuating.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import { FerryWorkers } from '../../worker/workers.ts';
import { evacuation } from '../../workflows/messages.ts';
import { Engine, quickPace } from '../support/engine.ts';
import { moved, PlayedRuns, rolledBack } from '../support/played-runs.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';

/** Records the histories of evacuations that later versions have to replay, as record.ts does those of relocations. */
type Scenario = (runs: PlayedRuns, handle: WorkflowHandle) => Promise<void>;

const says = async (runs: PlayedRuns, handle: WorkflowHandle, what: Partial<PlayedRuns['wanted']>): Promise<void> => {
  runs.wanted = { ...runs.wanted, ...what };
  if (what.window !== undefined) await handle.executeUpdate(evacuation.resize, { args: [what.window] });
  if (what.paused !== undefined) await handle.executeUpdate(what.paused ? evacuation.pause : evacuation.resume);
  if (what.cancelled === true) await handle.executeUpdate(evacuation.cancel);
};

const scenarios: Readonly<Record<string, Scenario>> = {
  evacuated: async () => undefined,
  inPart: async (runs) => {
    runs.course = ({ application }) => ({
      ms: 10,
      ended: application === 'app-1' ? rolledBack('PeerUnavailable') : moved,
    });
  },
  steered: async (runs, handle) => {
    await says(runs, handle, { paused: true });
    await says(runs, handle, { window: 3 });
    await says(runs, handle, { paused: false });
  },
  cancelled: async (runs, handle) => {
    await says(runs, handle, { paused: true });
    await says(runs, handle, { cancelled: true });
  },
};

const folder = fileURLToPath(new URL('histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const names = ['app-0', 'app-1', 'app-2'];

async function record(name: string, play: Scenario, { environment }: Engine): Promise<void> {
  const runs = new PlayedRuns();
  runs.wanted = { window: 2, paused: true, cancelled: false };
  const taskQueue = `evacuation-${name}`;
  const workers = await FerryWorkers.create({
    connection: environment.nativeConnection,
    namespace: environment.namespace ?? 'default',
    workflowBundle,
    taskQueue,
    activities: evacuationActivities({ catalogue: runs.catalogue(names), runs, pace: quickPace }),
    capacity: { slots: { steps: 10, waits: 10 }, maxCachedWorkflows: 10 },
  });
  await workers.runUntil(
    (async () => {
      const request = { site: 'a1', among: ['a2', 'a3'], window: 2, perUser: false };
      const start = evacuationOf({ request, pace: quickPace }, { taskQueue });
      const handle = await environment.client.workflow.start('evacuateHost', {
        ...start,
        workflowId: `evacuation:a1-${name}`,
      });
      await play(runs, handle);
      if (name === 'evacuated' || name === 'inPart') runs.wanted = { ...runs.wanted, paused: false };
      const clock = setInterval(() => void runs.pass(), 20);
      const { outcome } = (await handle.result()) as { outcome: string };
      clearInterval(clock);
      const file = `evacuate-host.${name}.${version}.json`;
      const history = historyToJSON(await handle.fetchHistory());
      await writeFile(`${folder}${file}`, history.replaceAll(root, '')); // stacks tell where the checkout is
      process.stdout.write(`${file}: ${outcome}\n`);
    })(),
  );
}

const engine = await Engine.start(await temporalCli());
try {
  for (const [name, play] of Object.entries(scenarios)) await record(name, play, engine);
} finally {
  await engine.stop();
}
