import { Context } from '@temporalio/activity';
import type { Catalogue } from '../../activities/ports.ts';
import { eventually } from './eventually.ts';
import type { PortWorld } from './world.ts';

type Work = (world: PortWorld) => void;

/** Many runs side by side on one worker, each in a world of its own: whoever asks is known by his run. */
export class WorldOfEach implements Catalogue {
  readonly #worlds = new Map<string, PortWorld>();

  /** What this run finds; it waits until that is said. */
  isThere(workflowId: string, world: PortWorld): void {
    this.#worlds.set(workflowId, world);
  }

  readonly site: Catalogue['site'] = async (name) => await (await this.#here()).site(name);
  readonly sites: Catalogue['sites'] = async () => await (await this.#here()).sites();
  readonly application: Catalogue['application'] = async (name) => await (await this.#here()).application(name);
  readonly applications: Catalogue['applications'] = async () => await (await this.#here()).applications();
  readonly device: Catalogue['device'] = async (user) => await (await this.#here()).device(user);

  async #here(): Promise<PortWorld> {
    const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
    await eventually(() => this.#worlds.has(workflowId));
    return this.#worlds.get(workflowId) as PortWorld;
  }
}

/** A moment of a relocation: the nth call of that name, which is the first that the activity makes. */
export interface Moment {
  readonly activity: string;
  readonly call: string;
  readonly nth: number;
}

/** Each call that each activity makes, as a run shows that goes well. */
export function momentsOf(world: PortWorld): readonly Moment[] {
  const [made, seen] = [new Map<string, number>(), new Map<string, Moment>()];
  world.calls.forEach((call, at) => {
    const [activity, nth] = [world.asking[at] ?? '', (made.get(call) ?? 0) + 1];
    made.set(call, nth);
    const name = `${activity} ${call}`;
    if (!seen.has(name)) seen.set(name, { activity, call, nth });
  });
  return [...seen.values()];
}

/** Something happens then. */
export function when({ call, nth }: Moment, world: PortWorld, happens: Work): PortWorld {
  return world.on(call, ...Array.from({ length: nth - 1 }, () => () => undefined), () => happens(world));
}
