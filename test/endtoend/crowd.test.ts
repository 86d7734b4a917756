import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { busy } from '../support/busy.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet, measured, servingIn, unharmed, worldOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** Many users of one instance at once: they share what is made for them, and nobody takes it from the others. */
const { net: NETWORK } = await claimNetwork();
const USERS = 24;
/** They share this machine as well. */
const PATIENT = { stepMs: 120_000, operationMs: 120_000, heartbeatMs: 20_000, handOverMs: 20_000 };
const users = (many: number): string[] => Array.from({ length: many }, (_, n) => `ue-${n + 1}`);

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK, { users: USERS, capacity: 2, pace: PATIENT });
  await fleet(stage, USERS, { rate: 1 });
});
afterEach(async () => await stage.clearFaults());
afterAll(async () => await stage?.strike());

interface Shown {
  readonly id: string;
  readonly host: string;
}

/** By the site that they run at. */
async function instances(): Promise<{ a1: Shown[]; a2: Shown[] }> {
  const url = `http://127.${NETWORK}.2.1:8080/app_lcm/v1/app_instances`;
  const listed = (await (await fetch(url)).json()) as {
    id: string;
    communicationInterface?: { ipAddresses: { host: string }[] };
  }[];
  const at = (third: number): Shown[] =>
    listed.flatMap(({ id, communicationInterface }) => {
      const host = communicationInterface?.ipAddresses[0]?.host ?? '';
      return host.startsWith(`127.${NETWORK}.${third}.`) ? [{ id, host }] : [];
    });
  return { a1: at(21), a2: at(22) };
}

const move = async (source: string, target: string): Promise<void> =>
  await expect(stage.relocate(source, target)).resolves.toMatchObject({ outcome: 'relocated', leftovers: [] });

const began = async (source: string, target: string, many: number, more: object = {}): Promise<string[]> =>
  await Promise.all(users(many).map(async (user) => (await stage.begin(source, target, { users: user, ...more })).id));

/** All devices are served by this instance. */
const servedBy = async (id: string | undefined): Promise<void> =>
  await eventually(async () => {
    const serving = servingIn(await worldOf(stage));
    return serving.length === 1 && serving[0] === id;
  }, 20_000 * busy());

describe('many users of one instance', () => {
  it('that move at once share the one instance that is made for them', async () => {
    await move('cloud', 'a2');
    const [source] = (await instances()).a2;
    const { result, figures } = await measured(stage, async () => {
      const ids = await began('a2', 'a1', USERS);
      return await Promise.all(ids.map(async (id) => await stage.ends(id, 120_000 * busy())));
    });
    expect(result.filter(({ outcome }) => outcome !== 'relocated')).toEqual([]);
    expect(result.filter(({ moved }) => moved.instance === 'created')).toHaveLength(1);
    expect(figures).toMatchObject(unharmed);
    const { a1, a2 } = await instances();
    expect(a1).toHaveLength(1);
    expect(a2).toEqual([source]); // it serves whoever is not named
    await servedBy(a1[0]?.id);
  });

  it('go on together, whoever brought them', async () => {
    const { result, figures } = await measured(stage, async () => await stage.relocate('a1', 'w1'));
    expect(result).toMatchObject({ outcome: 'relocated', moved: { users: USERS }, leftovers: [] });
    expect(figures).toMatchObject(unharmed);
    expect((await instances()).a1).toEqual([]);
    await expect(stage.relocate('w1', 'a2')).resolves.toMatchObject({ outcome: 'relocated', leftovers: [] });
    const { a2 } = await instances();
    await servedBy(a2[0]?.id);
  });

  it('keep what was made for them when one of them is cancelled; the last one to go takes it along', async () => {
    const { result, figures } = await measured(stage, async () => {
      const [first = '', ...others] = await began('a2', 'a1', 9, { cutOver: { approval: true } });
      for (const id of [first, ...others]) await stage.reaches(id, ['held'], 20_000 * busy());
      const { a1 } = await instances();
      const cancelled = async (id: string) => {
        await stage.post(`/v1/relocations/${id}/cancel`);
        return await stage.ends(id);
      };
      const one = await cancelled(first);
      const afterOne = (await instances()).a1;
      const all = await Promise.all(others.map(cancelled));
      return { a1, afterOne, rolledBack: [one, ...all] };
    });
    expect(result.a1).toHaveLength(1);
    expect(result.afterOne).toEqual(result.a1);
    expect(result.rolledBack.filter(({ outcome }) => outcome !== 'rolledBack')).toEqual([]);
    expect(result.rolledBack.flatMap(({ leftovers }) => leftovers)).toEqual([]);
    expect(figures).toMatchObject(unharmed);
    const { a1, a2 } = await instances();
    expect(a1).toEqual([]);
    await servedBy(a2[0]?.id);
  });

  it('share it also where two workers move them, who know nothing of each other', async () => {
    await stage.startWorker();
    const { result, figures } = await measured(stage, async () => {
      const ids = await began('a2', 'a1', 9);
      return await Promise.all(ids.map(async (id) => await stage.ends(id, 60_000 * busy())));
    });
    expect(result.filter(({ outcome }) => outcome !== 'relocated')).toEqual([]);
    expect(figures).toMatchObject(unharmed);
    expect((await instances()).a1).toHaveLength(1);
  });
});
