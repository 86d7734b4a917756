import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { failure } from '../../activities/failure.ts';
import type { FollowOrder } from '../../activities/following/follow.ts';
import { FollowerRequest } from '../../domain/follower-request.ts';
import type { Followed, Sighting } from '../../domain/following.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { followerOf } from '../../temporal/following.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import type { followDevice } from '../../workflows/following/follow-device.ts';
import { endFollower, followerStanding, type FollowerStanding, moved } from '../../workflows/messages.ts';
import { Engine, quickPace } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';

/** Records the histories of followers that later versions have to replay, as record.ts does those of relocations. */
type Handle = WorkflowHandle<typeof followDevice>;

interface Scenario {
  readonly becomes?: (order: FollowOrder) => Followed;
  readonly listens?: () => Sighting;
  readonly hushes?: () => void;
  readonly meanwhile: (handle: Handle) => Promise<void>;
}

const goes = async (handle: Handle, network: string): Promise<void> =>
  await handle.signal(moved, { network, happenedAt: null });
const reaches = async (handle: Handle, wanted: (now: FollowerStanding) => boolean): Promise<void> =>
  await eventually(async () => wanted(await handle.query(followerStanding)), 30_000);
const rests = ({ doing, dueAt }: FollowerStanding): boolean => doing === 'waiting' && dueAt === null;
const serves = ({ network }: FollowOrder): Followed => ({
  did: 'serves',
  network,
  site: network === 'wifi' ? 'w1' : 'a1',
  relocation: network === 'wifi' ? 'r1' : null,
  anchor: null,
});
const refused = (): never => {
  throw failure('PeerRejected', 'it takes nothing back');
};

const scenarios: Readonly<Record<string, Scenario>> = {
  moved: {
    meanwhile: async (handle) => {
      await goes(handle, 'wifi');
      await reaches(handle, (now) => now.site === 'w1' && rests(now));
    },
  },
  led: {
    becomes: (order) =>
      order.network === 'wifi'
        ? {
            ...serves(order),
            did: 'serves',
            network: 'wifi',
            site: 'a1',
            relocation: null,
            anchored: true,
            anchor: 'n1',
          }
        : serves(order),
    meanwhile: async (handle) => {
      await goes(handle, 'wifi');
      await reaches(handle, (now) => now.anchor === 'n1' && rests(now));
      await goes(handle, 'cellular');
      await reaches(handle, (now) => now.anchor === null && rests(now));
    },
  },
  troubled: {
    listens: refused,
    hushes: refused,
    becomes: ({ network }) => ({ did: 'cannot', network, why: 'it is full', relocation: null }),
    meanwhile: async (handle) => {
      await goes(handle, 'wifi');
      await reaches(handle, ({ trouble }) => trouble === 'it is full');
    },
  },
  /** The second run of a chain. */
  goesOnAnew: {
    meanwhile: async (handle) => {
      const { runId } = await handle.describe();
      while ((await handle.describe()).runId === runId)
        for (let n = 0; n < 40; n += 1) await goes(handle, n % 2 === 0 ? 'wifi' : 'cellular');
    },
  },
};

const folder = fileURLToPath(new URL('histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const request = FollowerRequest.parse({
  application: 'counter',
  user: 'ue-1',
  among: ['a1', 'w1'],
  staySeconds: 1,
  holdSeconds: 1,
});

const engine = await Engine.start(await temporalCli());
try {
  for (const [name, { becomes = serves, listens, hushes, meanwhile }] of Object.entries(scenarios)) {
    const activities = {
      listenForDevice: async () => listens?.() ?? { network: 'cellular', happenedAt: null },
      followDevice: async (order: FollowOrder) => becomes(order),
      hushForDevice: async () => hushes?.(),
    };
    await engine.beside(activities, async () => {
      const { client } = engine.environment;
      const workflowId = `follow:${name}`;
      const start = followerOf({ request, pace: quickPace }, workflowId, {
        taskQueue: engine.taskQueue,
        world: undefined,
      });
      await client.workflow.start('followDevice', start);
      const handle: Handle = client.workflow.getHandle(workflowId);
      if (listens === undefined) await reaches(handle, (now) => now.site === 'a1' && rests(now));
      await meanwhile(handle);
      await handle.executeUpdate(endFollower);
      const { moves } = await handle.result();
      const file = `follow-device.${name}.${version}.json`;
      await writeFile(`${folder}${file}`, historyToJSON(await handle.fetchHistory()).replaceAll(root, ''));
      process.stdout.write(`${file}: ${moves} moves\n`);
    });
  }
} finally {
  await engine.stop();
}
