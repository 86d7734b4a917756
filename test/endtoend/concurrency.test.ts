import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem, Relocation } from '../../api/resources.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** One relocation of a subject at a time; the same request again is the same relocation. */
const { net: NETWORK } = await claimNetwork();
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set(NETWORK);
});
afterAll(async () => await stage.strike());

const whole = { application: 'counter', source: 'cloud', target: 'a1' };
const held = { ...whole, cutOver: { approval: true } };

interface Devices {
  readonly devices: { readonly devices: readonly { readonly ue: string; readonly instance: string | null }[] };
}
const reached = async (): Promise<Record<string, string | null>> =>
  Object.fromEntries(
    (await stage.sandbox<Devices>('/state')).devices.devices.map(({ ue, instance }) => [ue, instance]),
  );

describe('while a subject moves', () => {
  let running: Relocation;
  beforeAll(async () => {
    running = await stage.begin('cloud', 'a1', { cutOver: { approval: true } }, { 'idempotency-key': 'first' });
    await stage.reaches(running.id, ['held']);
  });
  afterAll(async () => {
    await stage.post(`/v1/relocations/${running.id}/cancel`);
    await stage.ends(running.id);
  });

  it.each([
    ['the same move', whole],
    ['another target', { ...whole, target: 'a2' }],
    ['one of its users', { ...whole, users: 'ue-1' }],
    ['the way back', { ...whole, source: 'a1', target: 'cloud' }],
  ])('%s is refused with a link to the one that runs', async (_, request) => {
    const answer = await stage.post('/v1/relocations', request, { 'idempotency-key': `other-${request.target}` });
    expect(answer.status).toBe(409);
    await expect(answer.json() as Promise<Problem>).resolves.toMatchObject({
      failure: 'AlreadyRelocating',
      see: `/v1/relocations/${running.id}`,
    });
  });

  it('the same key and body are the same relocation', async () => {
    const answer = await stage.post('/v1/relocations', held, { 'idempotency-key': 'first' });
    expect(answer.status).toBe(202);
    await expect(answer.json()).resolves.toMatchObject({ id: running.id });
  });

  it('the same key with another body is refused', async () => {
    const answer = await stage.post('/v1/relocations', { ...held, target: 'a2' }, { 'idempotency-key': 'first' });
    expect(answer.status).toBe(409);
    await expect(answer.json()).resolves.toMatchObject({ failure: 'KeyReused', see: `/v1/relocations/${running.id}` });
  });

  it('fifty starts with one key at once are one relocation', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => await stage.post('/v1/relocations', held, { 'idempotency-key': 'first' })),
    );
    const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as Relocation).id));
    expect([...new Set(answers.map(({ status }) => status))]).toStrictEqual([202]);
    expect([...new Set(ids)]).toStrictEqual([running.id]);
  });
});

describe('one user of a shared instance', () => {
  it('moves while the others stay; then all the others follow, and nothing is lost', async () => {
    await fleet(stage, 3, { giveUpMs: 2_000 });
    await stage.sandbox('/devices/windows', 'POST', { name: 'users' });

    await expect(stage.relocate('cloud', 'a1', { users: 'ue-2' })).resolves.toMatchObject({
      outcome: 'relocated',
      moved: { users: 1, instance: 'created' },
      pathObserved: true,
    });
    await eventually(async () => (await reached())['ue-2'] !== 'counter-0');
    const [first, second, third] = Object.values(await reached());
    expect([first, third]).toStrictEqual(['counter-0', 'counter-0']);
    expect(second).not.toBe('counter-0');

    await expect(stage.relocate('cloud', 'a1')).resolves.toMatchObject({
      outcome: 'relocated',
      moved: { instance: 'shared' },
    });
    await eventually(async () => Object.values(await reached()).every((instance) => instance === second));
    const { total } = await stage.sandbox<{ total: object }>('/devices/windows/users', 'DELETE');
    expect(total).toMatchObject({ lost: 0, stale: 0, doubled: 0 });
  });
});
