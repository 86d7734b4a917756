import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../activities/failure.ts';
import type { Site } from '../../activities/ports.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { withoutContract } from '../../adapters/application/without-contract.ts';
import { Pace } from '../../configuration/peers.ts';
import { attemptOf } from '../support/attempt.ts';
import { PortWorld } from '../support/world.ts';

/** An application that keeps no state, and that nobody can ask. */
class Stateless extends PortWorld {
  override readonly context = withoutContract;
  transfer: 'mec021' | undefined;
  stateful = false;
  /** The orchestrator of the cloud does not tell of a single instance. */
  blind = false;

  override async site(name: string): Promise<Site> {
    const site = await super.site(name);
    const stateOf = async (): Promise<never> => {
      throw failure('PeerUnavailable', `${name}: nobody answers`);
    };
    return this.blind && name === 'cloud' ? { ...site, instances: { ...site.instances, stateOf } } : site;
  }

  override async application(name: string) {
    return {
      ...(await super.application(name)),
      management: undefined,
      stateful: this.stateful,
      transfer: this.transfer,
    };
  }
}

let world: Stateless;
beforeEach(() => {
  world = new Stateless();
});

const run = async <A extends unknown[], R>(step: (...args: A) => Promise<R>, ...args: A): Promise<R> =>
  await attemptOf().run<A, R, typeof step>(step, ...args);

/** Moves these users, and tells what a plan said of it and what became of the source. */
async function moved(users: string) {
  const activities = relocationActivities({
    catalogue: world,
    pace: { ...Pace.parse({}), pollMs: 1 },
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
    turns: takingTurns(),
  });
  const subject = { chain: `relocation:${users}/first`, application: 'counter', users, source: 'cloud', target: 'a1' };
  const order = { ...subject, maxInterruptionMs: null, own: null };
  const { possible, steering } = await run(activities.planRelocation, order);
  const { from, there } = await run(activities.checkRelocation, order);
  const { to } = await run(activities.instantiateTarget, { ...subject, from, there });
  return { possible, steering, retired: (await run(activities.retireSource, { ...subject, from, to })).how };
}

describe('the instance of an application without the contract', () => {
  it('stays where a single user leaves, as the plan says, and is stopped when all do', async () => {
    const one = await moved('ue-1');
    expect(one).toMatchObject({ possible: true, retired: 'serving' });
    expect(one.steering).toContain(
      'cloud: its instance stays: without the application contract nobody knows whom else it serves',
    );
    expect(world.at('cloud')).toMatchObject([{ state: 'started' }]);
    const all = await moved('*');
    expect(all.retired).toBe('stopped');
    expect(all.steering.join()).not.toMatch(/its instance stays/);
    expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
  });

  it('waits for no registration at a mobility service, though its record declares a transfer of its own', async () => {
    world.transfer = 'mec021'; // nobody registers here
    await expect(moved('*')).resolves.toMatchObject({ possible: true, retired: 'stopped' });
  });
});

describe('what only the contract makes possible', () => {
  const refusal = async (more: object): Promise<string> => {
    const order = { ...subject, maxInterruptionMs: null, own: null, ...more };
    const { obstacles } = await run(activities().planRelocation, order);
    return obstacles.map(({ failure: type, detail }) => `${type} ${detail}`).join('\n');
  };

  it('is no standby of an application that keeps state, whatever is accepted', async () => {
    world.stateful = true;
    const standby = { standby: true, accept: 'none' } as const;
    await expect(refusal(standby)).resolves.toMatch(
      /^ContractMissing keeps state, .*: only by it a standby has a copy$/,
    );
    await expect(refusal({ accept: 'none' })).resolves.toBe('');
  });

  it('is no standby of one that keeps none: how it is moved when its source is lost is said', async () => {
    await expect(refusal({ standby: true })).resolves.toMatch(/^ContractMissing it keeps no state, .*--source-lost/);
    await expect(refusal({})).resolves.toBe('');
  });

  it('is no takeover, and nothing is said of what might be accepted instead', async () => {
    world.stateful = true;
    const told = await refusal({ lost: true, accept: 'none' });
    expect(told).toMatch(/ContractMissing keeps state, .*: only by it another instance can take its place$/m);
    expect(told).not.toMatch(/what can be had/);
  });
});

const activities = () =>
  relocationActivities({
    catalogue: world,
    pace: { ...Pace.parse({}), pollMs: 1 },
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
    turns: takingTurns(),
  });
const subject = { chain: 'relocation:late/first', application: 'counter', users: '*', source: 'cloud', target: 'a1' };

describe('a source that was stopped before the path turns', () => {
  const starts = (): void => void Object.assign(world.at('cloud')[0] ?? {}, { state: 'started' });
  const stops = (): number => world.calls.filter((call) => call === 'cloud.instances.stop').length;

  async function stopped() {
    const order = { ...subject, from: world.at('cloud')[0]?.id ?? '', to: world.add('a1').id };
    const { turns } = await run(activities().copyAhead, { ...order, made: [], turns: null });
    Object.assign(world.at('cloud')[0] ?? {}, { state: 'stopped' });
    return { ...order, turns, stopped: true } as const;
  }

  it('is left alone where it stays stopped', async () => {
    const order = await stopped();
    expect(await run(activities().switchPath, order)).not.toHaveProperty('ranAgain');
    expect(stops()).toBe(0);
  });

  it('is stopped once more before it does, where its orchestrator has started it again, and that is told', async () => {
    const order = await stopped();
    starts();
    let then: unknown;
    world.on('a1.path.write', () => void (then = world.at('cloud')[0]?.state));
    await expect(run(activities().switchPath, order)).resolves.toMatchObject({ observed: true, ranAgain: true });
    expect([then, stops()]).toStrictEqual(['stopped', 1]);
  });

  it('and after it, where it was started while the path turned', async () => {
    const order = await stopped();
    world.on('a1.path.write', starts);
    await expect(run(activities().switchPath, order)).resolves.toMatchObject({ observed: true, ranAgain: true });
    expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
  });

  it('is not waited for where its orchestrator cannot be asked: users are not served', async () => {
    const order = await stopped();
    world.blind = true;
    await expect(run(activities().switchPath, order)).resolves.toMatchObject({ observed: true });
  });
});

describe('the way back of a stop', () => {
  /** Carried out when it is waited for, else when nobody looks any more. */
  const late = (site: string, state: 'started' | 'stopped'): (() => void) => {
    let isOver = false;
    const carriedOut = (): void => {
      if (!isOver) Object.assign(world.at(site)[0] ?? {}, { state });
      isOver = true;
    };
    world.on(`${site}.instances.withdraw`, carriedOut);
    return carriedOut;
  };

  it('starts a source again that is stopped late, when it was seen to run already', async () => {
    const [source] = world.at('cloud');
    const stops = late('cloud', 'stopped');
    const order = { ...subject, from: source?.id ?? '', to: 'none', calmAt: 0 };
    await run(activities().startSource, order);
    stops();
    expect(world.at('cloud')).toMatchObject([{ state: 'started' }]);
  });

  it('and of a start: a target that is started late, when it was seen to be stopped already', async () => {
    const kept = Object.assign(world.add('a1'), { state: 'stopped' });
    const starts = late('a1', 'started');
    const there = { id: kept.id, was: 'stopped' } as const;
    await run(activities().removeTarget, { ...subject, there, to: null, own: null, calmAt: 0 });
    starts();
    expect(world.at('a1')).toMatchObject([{ state: 'stopped' }]);
  });
});

describe('the way back from a cloud, whose instances have no rules', () => {
  const own = { chain: 'relocation:one/first', application: 'counter', users: 'ue-1', source: 'a1', target: 'cloud' };
  /** Kept in the cloud, and started again for whoever goes there; a rule at a1 leads another user to it by now. */
  function relied(): { readonly id: string } {
    const source = world.servedAt('a1');
    const [kept] = world.at('cloud');
    const host = kept?.endpoint?.host ?? '';
    source.rules = source.rules.map((rule) =>
      rule.kind === 'traffic' && rule.id === 'users'
        ? { ...rule, sources: ['10.9.9.2'], destinations: [source.endpoint?.host ?? ''], leadsTo: host, active: true }
        : rule,
    );
    return { id: kept?.id ?? '' };
  }
  const undone = async (there: { readonly id: string; readonly was: 'stopped' } | null, to: string): Promise<void> =>
    await run(activities().removeTarget, { ...own, there, to, own: there === null ? to : null, calmAt: 0 });

  it('leaves one that was started again, as long as another user is led to it', async () => {
    const { id } = relied();
    await undone({ id, was: 'stopped' }, id);
    expect(world.at('cloud')).toMatchObject([{ id, state: 'started' }]);
    world.at('a1')[0]?.rules.splice(0);
    await undone({ id, was: 'stopped' }, id);
    expect(world.at('cloud')).toMatchObject([{ id, state: 'stopped' }]);
  });

  it('leaves one that was made for it, likewise', async () => {
    const { id } = relied();
    await undone(null, id);
    expect(world.at('cloud')).toMatchObject([{ id }]);
    world.at('a1')[0]?.rules.splice(0);
    await undone(null, id);
    expect(world.at('cloud')).toEqual([]);
  });

  it('is not known to be done as long as those rules cannot be seen', async () => {
    const { id } = relied();
    world.on('a1.instances.list', 'PeerUnavailable');
    await expect(undone(null, id)).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect(world.at('cloud')).toMatchObject([{ id }]);
  });
});
