import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet, hold, processOf, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** The process of the source is killed: what the target has of its users is the only copy. */
const { net: NETWORK } = await claimNetwork();

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK, { pace: { stepMs: 4_000, insistMs: 4_000 } });
  await fleet(stage, 3, { giveUpMs: 1_000 });
});
afterAll(async () => await stage?.strike());

const kill = async (name: string): Promise<void> => void process.kill(await processOf(stage, name), 'SIGKILL');

describe('a source whose process is killed', () => {
  it('in the drain has no clients any more: relocated', async () => {
    const notice = await hold(stage, {
      peer: 'lcm-proxy',
      operation: 'POST /notifications/address_change',
      when: 'before',
    });
    const { id } = await stage.begin('cloud', 'a1');
    await notice.held();
    await kill('counter-0');
    await notice.release();
    await expect(stage.ends(id)).resolves.toMatchObject({ outcome: 'relocated', leftovers: [] });
  });

  it('while the cut-over is held is lost: nothing at the target is destroyed, and the operator told what he can do', async () => {
    const [source] = (await worldOf(stage)).peers['meo-cellular'].instances;
    const { id } = await stage.begin('a1', 'a2', { cutOver: { approval: true } });
    await stage.reaches(id, ['held']);
    await kill(source?.id ?? '');
    await stage.post(`/v1/relocations/${id}/approve`);
    const parked = await stage.reaches(id, ['parked']);
    const [target] = (await worldOf(stage)).peers['meo-cellular'].instances.filter(
      ({ id: other }) => other !== source?.id,
    );
    expect(parked.waitingFor?.lastFailure).toMatch(
      new RegExp(`SourceLost: a1: .*instance ${target?.id} at a2.* is kept`),
    );
    expect(parked.actions).toEqual(['retry', 'abandon']);
    await stage.post(`/v1/relocations/${id}/abandon`);
    const { leftovers } = await stage.ends(id);
    expect(leftovers).toMatchObject([
      { undo: 'releasePromise', type: 'SourceLost', remedy: expect.stringMatching(/bring the source back/) as string },
      { undo: 'removeTarget' },
      { undo: 'deleteCopies' },
    ]);
    expect(await processOf(stage, target?.id ?? '')).toBeGreaterThan(0);
    const { body } = await ask<{ relocations: unknown }>('GET', `http://127.${NETWORK}.22.1:7001/provider/state`);
    expect(body.relocations).toMatchObject([{ phase: 'receiving' }]);
  });
});
