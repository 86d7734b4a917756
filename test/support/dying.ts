import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Anchors } from '../../activities/anchoring/anchors.ts';
import type { Application, Catalogue, Site } from '../../activities/ports.ts';

type Call = (...input: never[]) => Promise<unknown>;
type Ports = Readonly<Record<string, Call>>;

/** What steps ask of their peers where it is worth to die; of whoever is not named here whatever they ask. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  packages: ['distribute'],
  instances: ['list', 'instantiate', 'stateOf', 'start', 'stop', 'withdraw', 'remove', 'end'],
  mobility: ['registered', 'hears', 'tell'],
  subscriptions: ['create', 'remove'],
  path: ['turn', 'turnBack'],
  notices: ['addressChanged'],
  context: ['state', 'promise', 'standBy', 'handOver', 'settle', 'supersede', 'retire'],
  anchors: ['of', 'found', 'isFound', 'takeIn', 'inherit', 'moved', 'relocation'],
  whereabouts: ['networkOf', 'listen', 'hush'],
  runs: ['begin', 'begunBy', 'ended'],
  ways: ['begin', 'begun', 'holds', 'release'],
};

/**
 * A worker that is killed once at each call of each step to a peer: when the peer has carried it out and nobody has heard
 * its answer, or before it was asked. What an attempt had not yet told the server is lost with it, and it does nothing more.
 */
export class Dying {
  /** At which calls it died: `step peer.port.call`. */
  readonly at: string[] = [];
  readonly #when: 'before' | 'executed';
  readonly #attempts = new Map<string, (killed: Error) => void>();
  readonly #dead = new Set<string>();

  constructor(when: 'before' | 'executed') {
    this.#when = when;
  }

  activities<T extends object>(all: T): T {
    const mortal = Object.entries(all).map(([name, activity]: [string, Call]) => [
      name,
      async (...input: never[]) => await this.#carriedOut(activity, input),
    ]);
    return Object.fromEntries(mortal) as T;
  }

  catalogue(world: Catalogue): Catalogue {
    return {
      site: async (name) => this.#site(await world.site(name)),
      sites: async () => (await world.sites()).map((site) => this.#site(site)),
      application: async (name) => await world.application(name),
      applications: async () => await world.applications(),
      device: async (user) => await world.device(user),
    };
  }

  /** As Temporal is asked for them. */
  anchors(all: Anchors): Anchors {
    return this.beyond('anchors', all);
  }

  /** What is asked of no site. */
  beyond<T extends object>(
    name: 'anchors' | 'whereabouts' | 'runs' | 'ways' | 'facts' | 'partner' | 'findings',
    all: T,
  ): T {
    return this.#mortal(all as unknown as Ports, name, 'ferry') as unknown as T;
  }

  async #carriedOut(activity: Call, input: never[]): Promise<unknown> {
    const [own, context] = [attempt(), Context.current()];
    const { heartbeat } = context;
    Object.assign(context, { heartbeat: (told: unknown) => (this.#dead.has(own) ? undefined : heartbeat(told)) });
    const killed = new Promise<never>((_, reject) => this.#attempts.set(own, reject));
    const working = activity(...input);
    working.catch(() => undefined); // the dead are not heard
    return await Promise.race([working, killed]);
  }

  #site(site: Site): Site {
    const ports = Object.keys(CALLS).flatMap((port) => {
      const value = port === 'context' ? undefined : (site as unknown as Record<string, Ports | undefined>)[port];
      return value === undefined ? [] : [[port, this.#mortal(value, port, site.name)] as const];
    });
    return {
      ...site,
      ...Object.fromEntries(ports),
      context: (application: Application) =>
        this.#mortal(site.context(application) as unknown as Ports, 'context', site.name) as unknown as ReturnType<
          Site['context']
        >,
    };
  }

  #mortal(port: Ports, name: string, site: string): Ports {
    const calls = (CALLS[name] ?? Object.keys(port)).flatMap((call) => {
      const whole = port[call];
      return typeof whole !== 'function'
        ? []
        : [[call, async (...input: never[]) => await this.#asked(`${site}.${name}.${call}`, whole, input)] as const];
    });
    return { ...port, ...Object.fromEntries(calls) };
  }

  async #asked(what: string, call: Call, input: never[]): Promise<unknown> {
    const own = attempt();
    if (this.#dead.has(own)) throw new Error('its worker was killed');
    const point = `${Context.current().info.activityType} ${what}`;
    const dies = !this.at.includes(point);
    if (dies) this.at.push(point);
    if (dies && this.#when === 'before') this.#die(own, point);
    const answer = await call(...input);
    if (dies) this.#die(own, point);
    return answer;
  }

  #die(own: string, point: string): never {
    this.#dead.add(own);
    const killed = ApplicationFailure.retryable(`a worker was killed: ${point}`, 'Killed');
    this.#attempts.get(own)?.(killed);
    throw killed;
  }
}

function attempt(): string {
  const { workflowExecution, activityId, attempt: nth } = Context.current().info;
  return `${workflowExecution?.runId} ${activityId} ${nth}`;
}
