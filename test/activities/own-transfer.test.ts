import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { attemptOf } from '../support/attempt.ts';
import { OwnWorld } from '../support/own-world.ts';
import { quickPace } from '../support/pace.ts';

/** An application that moves its context itself (MEC 021), and reports of it what is not so. */
let world: OwnWorld;
beforeEach(() => {
  world = new OwnWorld();
});

const limits = { startToCloseTimeoutMs: 3_000, scheduleToCloseTimeoutMs: 3_000 };
const subject = { chain: 'relocation:x/first', application: 'counter', users: '*', source: 'cloud', target: 'a1' };
const activities = () =>
  relocationActivities({
    catalogue: world,
    pace: quickPace,
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
    turns: takingTurns(),
  });

/** Of what the server heard, the next attempt is told. */
async function transferred(before?: unknown, attempt = 1) {
  let heard: unknown;
  const [to] = world.at('a1');
  const environment = attemptOf({ ...limits, attempt, ...(before !== undefined && { heartbeatDetails: before }) });
  environment.on('heartbeat', (told: unknown) => void (heard = told));
  const { transferContext } = activities();
  const order = { ...subject, from: world.at('cloud')[0]?.id ?? '', to: to?.id ?? '' };
  const ended = await environment
    .run<[typeof order], unknown, typeof transferContext>(transferContext, order)
    .catch((error: unknown) => error as { type?: string; message: string });
  return { ended, heard };
}

const reports = (...devices: boolean[]): void =>
  void (world.devices = devices.map((done, at) => ({ address: `10.9.9.${at + 1}`, level: 'free', transferred: done })));

describe('what an application has reported before it was asked', () => {
  it.each([
    ['all', [true, true]],
    ['one', [false, true]],
  ])('was sent to whoever was the target then, and is none to this one: of %s of its devices', async (_, done) => {
    world.add('a1');
    reports(...done);
    const { ended } = await transferred();
    expect(ended).toMatchObject({ type: 'TransferNotCompleted' });
    expect(world.told).toStrictEqual([]);
  });

  it('is refused in the check, which says what has to be done', async () => {
    reports(true, false);
    const environment = attemptOf(limits);
    const { checkRelocation } = activities();
    const order = { ...subject, maxInterruptionMs: null, own: null, accept: 'applicationOwn' } as const;
    await expect(
      environment.run<[typeof order], unknown, typeof checkRelocation>(checkRelocation, order),
    ).rejects.toMatchObject({
      type: 'ContractMissing',
      message: expect.stringMatching(
        /reports the context of 1 of its 2 devices as transferred, though nobody has asked/,
      ),
    });
  });
});

describe('an attempt whose worker died after it had told the application', () => {
  it('is gone on with: what is reported since then counts', async () => {
    world.add('a1');
    reports(false, false);
    world.on('cloud.mobility.told TRIGGERED', 'PeerUnavailable');
    const first = await transferred();
    expect(first.ended).toMatchObject({ type: 'PeerUnavailable' });
    reports(true, true);
    const second = await transferred(first.heard, 2);
    expect(second.ended).toMatchObject({ users: 2 });
    expect(world.told).toStrictEqual(['TRIGGERED']);
  });
});

describe('a device that is not registered any more once its user was to be moved', () => {
  it('has not been transferred: the others are not enough', async () => {
    world.add('a1');
    reports(false, false);
    world.on('cloud.mobility.told TRIGGERED', () => reports(true));
    const { ended } = await transferred();
    expect(ended).toMatchObject({ type: 'TransferNotCompleted', message: expect.stringMatching(/1 of 2 devices/) });
  });

  it('nor is it where another attempt had told', async () => {
    world.add('a1');
    reports(false, false);
    world.on('cloud.mobility.told TRIGGERED', 'PeerUnavailable');
    const first = await transferred();
    reports(true);
    const { ended } = await transferred(first.heard, 2);
    expect(ended).toMatchObject({ type: 'TransferNotCompleted' });
  });

  it('has been, where that was seen before', async () => {
    world.add('a1');
    reports(false, false);
    let looks = 0;
    const look = (): void => {
      looks += 1;
      if (looks === 3) reports(true, false);
      if (looks === 5) world.devices = [{ address: '10.9.9.2', level: 'free', transferred: true }];
    };
    world.on('cloud.mobility.registered', ...Array.from({ length: 9 }, () => look));
    const { ended } = await transferred();
    expect(ended).toMatchObject({ users: 2 });
  });
});

describe('an application that nobody could tell', () => {
  const untouched = { details: [{ kept: { untouched: true } }] };

  it('needs not be told that it goes on serving: where it hears of nothing any more', async () => {
    world.add('a1');
    world.heard = [];
    const first = await transferred();
    expect(first.ended).toMatchObject({ type: 'NotYet', ...untouched });
    const second = await transferred(first.heard, 2);
    expect(second.ended).toMatchObject({ type: 'NotYet', ...untouched });
    expect(world.told).toStrictEqual([]);
  });

  it('nor where it had reported what nobody had asked for', async () => {
    world.add('a1');
    reports(true, true);
    expect((await transferred()).ended).toMatchObject(untouched);
  });

  it.each([
    ['its answer was lost', 1, undefined],
    ['an attempt of which nothing was heard may have told it', 2, undefined],
  ])('has to be told so where %s', async (_, attempt, before) => {
    world.add('a1');
    if (attempt === 1) world.on('cloud.mobility.told TRIGGERED', 'PeerRejected');
    else world.heard = [];
    const { ended } = await transferred(before, attempt);
    expect(ended).not.toMatchObject(untouched);
    expect(ended).toHaveProperty('type');
  });
});
