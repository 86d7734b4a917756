import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutContract } from '../../adapters/application/without-contract.ts';
import { atOnce } from '../../domain/at-once.ts';
import { isMoved } from '../../domain/ended.ts';
import { fencingWorkflowId } from '../../domain/identity.ts';
import { mayWrite } from '../../domain/recovery.ts';
import type { RelocationRequest, RelocationResult, RelocationStatus } from '../../domain/relocation.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { abandon, recover, recoverAccepting, retry, scrap } from '../../workflows/messages.ts';
import { Engine } from '../support/engine.ts';
import { OwnWorld } from '../support/own-world.ts';
import { reached } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';
import { type Moment, momentsOf, when, WorldOfEach } from '../support/world-of-each.ts';

/**
 * The source dies for good at each call that each step makes, on each way. Nothing is destroyed of which the target may have
 * the only copy; an operator has a way out; and what the run says of itself is so.
 */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

type Start = Parameters<Parameters<Engine['over']>[1]>[0];
type Handle = Awaited<ReturnType<Start>>;
type Made = PortWorld['instances'][number];
type Way = Pick<RelocationRequest, 'source' | 'target'>;

const AT_ONCE = 12;
/** Who is dead is asked some times in vain, and not all the time. */
const pace = { insistMs: 1_500, retryMs: 100 };

const blank = { role: 'standby', epoch: 0, count: 0, promisedTo: null, introduced: false } as const;

/**
 * Its process is gone, and nobody knows, as when a host dies; or its orchestrator has seen it fail; or it has merely written
 * down that it is not there any more, which nobody can check; or it was started again, and knows nothing.
 */
const deaths: Readonly<Record<string, (world: PortWorld, source: Made) => void>> = {
  silent: (world, { id }) => void world.silent.add(id),
  written: (_, source) =>
    void Object.assign(source, { state: source.site === 'cloud' ? 'stopped' : 'notInstantiated' }),
  failed: (_, source) => void Object.assign(source, { state: 'failed' }),
  forgot: (_, source) => void Object.assign(source, blank, { settled: new Map(), expected: new Set() }),
};

function worldOf({ source }: Way): { world: PortWorld; source: Made } {
  const world = new PortWorld(3);
  const [first] = world.instances;
  if (first === undefined) throw new Error('nobody is there');
  if (source === 'cloud') return { world, source: first };
  const served = world.servedAt(source);
  served.rules = served.rules.map((rule) => ({ ...rule, active: rule.id !== 'users' }));
  Object.assign(first, { state: 'stopped' });
  return { world, source: served };
}

/** Until an operator has to say something, or it is over. */
async function waiting(handle: Handle): Promise<RelocationStatus> {
  return await reached(handle, ['parked', 'ended'], 60_000);
}

/** What an operator does of what he is offered: he goes on without the source where he may, else he gives up. */
async function ended(handle: Handle, instead?: () => typeof retry): Promise<RelocationResult> {
  for (let times = 0; times < 20; times += 1) {
    const now = await waiting(handle);
    if (now.state !== 'parked') return await handle.result();
    // It may have tried again by itself in this very moment
    const said = instead?.() ?? (now.recoverable ? recover : abandon);
    // What is written down is no proof: he is told so, has the host switched off, and says that he knows
    const unproven = said === recover && now.failure.type === 'NotFenced';
    const saying = unproven
      ? handle.executeUpdate(recoverAccepting, { args: [{ lostWrites: true, fence: 'none' }] })
      : handle.executeUpdate(said);
    await saying.catch((error: unknown) => {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    });
  }
  throw new Error('whatever is said, it is parked again');
}

/** Of each step the first call on each way; and what no way before this one has had. */
function fresh(moments: readonly Moment[], { source, target }: Way): readonly Moment[] {
  return moments.filter(({ activity, call }, at) => {
    const role = call.replace(new RegExp(`^${source}\\.`), 'source.').replace(new RegExp(`^${target}\\.`), 'target.');
    const isNew = !had.has(`${activity} ${role}`);
    had.add(`${activity} ${role}`);
    return isNew || moments.findIndex((one) => one.activity === activity) === at;
  });
}
const had = new Set<string>();

const lives = (world: PortWorld, { id, state }: Made): boolean => state === 'started' && !world.silent.has(id);
const lost = { sourceLost: { accept: { lostWrites: true } } } as const;
const lostUnproven = { sourceLost: { accept: { lostWrites: true, fence: 'none' } } } as const;

describe.each([
  { source: 'cloud', target: 'a1' },
  { source: 'a1', target: 'cloud' },
  { source: 'a1', target: 'a2' },
  { source: 'a1', target: 'w1' },
])('a source that dies on the way from $source to $target', (way) => {
  it('in any step leaves a way out, and destroys no copy', async () => {
    const each = new WorldOfEach();
    await engine.over(each, async (start) => {
      const begun = async (world: PortWorld, more: object = {}): Promise<Handle> => {
        const handle = await start({ ...way, ...more }, pace);
        const { workflowId, firstExecutionRunId } = handle;
        for (const id of [workflowId, fencingWorkflowId(`${workflowId}/${firstExecutionRunId}`)])
          each.isThere(id, world);
        return handle;
      };
      const { world: well } = worldOf(way);
      await expect((await begun(well)).result()).resolves.toMatchObject({ outcome: 'relocated', failure: null });
      const moments = fresh(momentsOf(well), way);
      // A package that the check found usable is not looked for
      const asked = new Set(moments.map(({ activity }) => activity)).add('distributePackage');
      expect(asked.size).toBe(9);

      const stories = await atOnce(AT_ONCE, moments, async (moment) => await story(moment, way, begun));
      expect(stories.flat()).toEqual([]);
    });
  });
});

const told = ({ outcome, failure }: RelocationResult): string =>
  [outcome, failure?.step, failure?.type, failure?.message].join(' ');

/** What is not as it has to be. */
async function story(
  moment: Moment,
  way: Way,
  begun: (world: PortWorld, more?: object) => Promise<Handle>,
): Promise<readonly string[]> {
  const kind = Object.keys(deaths)[(moment.nth + moment.activity.length) % 4] ?? '';
  const { world, source } = worldOf(way);
  const there = (): string => JSON.stringify(world.at(way.target).map(({ state, rules }) => [state, rules]));
  const before = there();
  let holder: Made | undefined;
  when(moment, world, () => {
    holder = world.at(way.target).find(({ expected, role }) => expected.size > 0 || role === 'authority');
    deaths[kind]?.(world, source);
  });
  const result = await ended(await begun(world));
  const wrong: string[] = [];
  const demand = (is: boolean, what: string): void => {
    if (!is) wrong.push(`${moment.activity} ${moment.call} ${kind}: ${what}; ${told(result)}`);
  };
  const serving = (): Made[] => world.instances.filter((one) => one.role === 'authority' && lives(world, one));
  const arrived = isMoved(result.outcome);
  demand(arrived === (serving()[0]?.site === way.target), 'its outcome is not so');
  demand(holder === undefined || world.instances.includes(holder), 'the only copy was destroyed');
  if (result.leftovers.length === 0 && !arrived) demand(there() === before, 'the target is not as it was');
  // Whoever has given up asks for it anew
  const anew = async (more: object): Promise<RelocationResult> => await ended(await begun(world, more));
  const first = arrived ? result : await anew(lost);
  const unproven = first.failure?.type === 'NotFenced';
  demand(!unproven || kind === 'written', 'it could have been stopped');
  const then = unproven ? await anew(lostUnproven) : first;
  const fence = then.recovery?.fence;
  demand(fence === undefined || (kind === 'written') === mayWrite(fence), `its fence is ${fence}`);
  await nobodyWaits(then);
  demand(isMoved(then.outcome), `no way out: ${told(then)}`);
  const [authority] = serving();
  demand(holder === undefined || authority?.id === holder.id, 'users are not served with the copy');
  world.silent.clear();
  demand(serving().length === 1 && authority?.site === way.target, 'one serves, also when the source wakes up');
  return wrong;
}

/** Who is gone for good. */
async function nobodyWaits({ recovery }: RelocationResult): Promise<void> {
  if (recovery?.fencing == null) return;
  await engine.environment.client.workflow.getHandle(`fence:${recovery.fencing}`).executeUpdate(scrap);
}

class Stateless extends PortWorld {
  override readonly context = withoutContract;

  override async application(name: string): ReturnType<PortWorld['application']> {
    return { ...(await super.application(name)), management: undefined, stateful: false };
  }
}
const undeclared = { transfer: undefined, devices: null, heard: [] };

describe.each([
  { whose: 'an application that moves its context itself', make: () => new OwnWorld(), accept: 'applicationOwn' },
  { whose: 'an application that nothing moves', make: () => Object.assign(new OwnWorld(), undeclared), accept: 'none' },
  { whose: 'a stateless application', make: () => new Stateless(3), accept: 'zeroLoss' },
] as const)('a source of $whose that has failed', ({ make, accept }) => {
  it('in any step leaves a way out, and takes nothing away that may be all there is', async () => {
    const each = new WorldOfEach();
    await engine.over(each, async (start) => {
      const begun = async (world: PortWorld, more: object = { accept }): Promise<Handle> => {
        const handle = await start(more, pace);
        each.isThere(handle.workflowId, world);
        return handle;
      };
      const well = make();
      await expect((await begun(well)).result()).resolves.toMatchObject({ outcome: 'relocated', failure: null });
      const firsts = momentsOf(well).filter(
        ({ activity }, at, all) => all.findIndex((one) => one.activity === activity) === at,
      );
      // When it has reported that everything is at the target, it may go
      const reported = momentsOf(well).filter(({ activity, call }) => activity === 'switchPath' && /write/.test(call));
      const stories = await atOnce(AT_ONCE, [...firsts, ...reported], async (moment) => {
        const world = make();
        const there = (): string => JSON.stringify(world.at('a1').map(({ state, rules }) => [state, rules]));
        const [source, before] = [world.instances[0], there()];
        let holder: Made | undefined;
        when(moment, world, () => {
          const moved = world instanceof OwnWorld && world.devices?.every(({ transferred }) => transferred);
          holder = moved === true ? world.at('a1')[0] : undefined;
          Object.assign(source ?? {}, { state: 'failed' });
        });
        // Its state is where it was: it comes back with it
        const mended = (): typeof retry => {
          Object.assign(source ?? {}, { state: 'started' });
          return retry;
        };
        const result = await ended(await begun(world), mended);
        const wrong: string[] = [];
        const demand = (is: boolean, what: string): void => {
          if (!is) wrong.push(`${moment.activity} ${moment.call}: ${what}; ${told(result)}`);
        };
        const arrived = isMoved(result.outcome);
        const led = world.at('a1').some(({ rules }) => rules.some(({ active }) => active));
        demand(arrived === led, 'its outcome is not so');
        demand(holder === undefined || (arrived && world.instances.includes(holder)), 'the only copy was given up');
        demand(arrived || (result.leftovers.length === 0 && there() === before), 'it is not as it was');
        if (arrived || source?.state !== 'failed') return wrong;
        const { outcome, failure } = await ended(await begun(world, lost));
        const onward = accept === 'zeroLoss' ? isMoved(outcome) : failure?.type === 'ContractMissing';
        demand(onward, `asked for without it: ${outcome} ${failure?.type} ${failure?.message}`);
        return wrong;
      });
      expect(stories.flat()).toEqual([]);
    });
  });
});
