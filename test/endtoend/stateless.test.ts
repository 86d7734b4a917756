import { afterAll, beforeAll, expect, it } from 'vitest';
import { claimNetwork } from '../support/network.ts';
import { worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** An application without the contract: nobody can ask an instance whom else it serves. */
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set((await claimNetwork()).net);
  stage.configure(({ applications }) => {
    for (const application of Object.values(applications))
      Object.assign(application, { management: undefined, stateful: false });
  });
  await stage.killWorker();
  await stage.startWorker();
});
afterAll(async () => await stage?.strike());

it('goes on serving everybody else where one user is moved', async () => {
  const moved = await stage.relocate('cloud', 'a1', { users: 'ue-1' });
  expect(moved).toMatchObject({ outcome: 'relocated', failure: null });
  const { peers } = await worldOf(stage);
  expect(peers['cloud-manager'].instances).toMatchObject([{ state: 'running' }]);
});
