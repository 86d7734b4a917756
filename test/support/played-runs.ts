import { setImmediate as turn } from 'node:timers/promises';
import type { Begun, Run, RunEnded, Runs } from '../../activities/evacuation/runs.ts';
import type { Application, Catalogue, Instance, Site } from '../../activities/ports.ts';
import type { EvacuationWish } from '../../domain/evacuation.ts';
import type { FailureType } from '../../domain/failures.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';

interface Played {
  readonly id: string;
  readonly request: RelocationRequest;
  readonly begunAt: number;
  readonly endsAt: number;
  readonly ended: RunEnded;
}

export const moved: RunEnded = { outcome: 'relocated', failure: null, leftovers: 0 };
export const rolledBack = (type: FailureType, leftovers = 0): RunEnded => ({
  outcome: 'rolledBack',
  failure: { type, message: `${type} was played` },
  leftovers,
});

type Course = (request: RelocationRequest) => { readonly ms: number; readonly ended: RunEnded };

/** Relocations in a time of their own, which passes when nobody has anything to do; and a site with what they move away. */
export class PlayedRuns implements Runs {
  wanted: EvacuationWish = { window: 50, paused: false, cancelled: false };
  /** How each goes. */
  course: Course = () => ({ ms: 1_000, ended: moved });
  /** The index is so far behind. */
  lagMs = 1_000;
  now = 0;
  /** Under way at once, at most. */
  most = 0;
  readonly asked: string[] = [];
  readonly runs = new Map<string, Played>();
  readonly waiting = new Set<string>();
  /** Ids of those that are only being undone. */
  readonly undone = new Set<string>();
  /** By somebody else, and from when on they have ended. */
  readonly others = new Map<string, Omit<Played, 'request'>>();
  readonly #live = new Set<Played>();
  readonly #ends = new Map<string, () => void>();

  /** When the site tells of an application. */
  tells: (application: string) => Promise<void> = async () => undefined;
  /** Of which applications it was asked. */
  readonly lookedFor: string[] = [];

  /** How often it was asked what is wanted, and of which workflow last. */
  wishes = 0;
  wishedOf = '';
  /** What the evacuation `a1.run` had begun. */
  earlier: readonly Begun[] = [];
  /** Applications that are still on their way to the site. */
  readonly coming = new Set<string>();
  /** How many relocations to the site go on that others have begun. */
  onTheWay = (): number => 0;
  /** Applications whose users the site serves. */
  readonly servedHome = new Set<string>();

  async wish(workflowId: string): Promise<EvacuationWish> {
    this.wishes += 1;
    this.wishedOf = workflowId;
    return this.wanted;
  }

  async begun(evacuation: string): Promise<readonly Begun[]> {
    if (this.earlier.length > 0 && evacuation === 'a1.run') return this.earlier;
    return [...this.runs.values()]
      .filter(({ begunAt }) => begunAt <= this.now - this.lagMs)
      .map(({ id, request: { application, users, target }, begunAt, endsAt, ended: { outcome } }) => ({
        id,
        own: true,
        application,
        users,
        target,
        startedAt: new Date(begunAt).toISOString(),
        outcome: endsAt <= this.now - this.lagMs && outcome !== 'terminated' ? outcome : undefined,
      }));
  }

  async begin(request: RelocationRequest): Promise<Run> {
    const { application, users, target } = request;
    const id = `${application}/${users}/${target}`;
    const other = this.others.get(`${application} ${users}`);
    if (other !== undefined && other.endsAt > this.now) return { id: other.id, own: false };
    if (this.runs.has(id)) return { id, own: true };
    this.asked.push(id);
    const { ms, ended } = this.course(request);
    const run = { id, request, begunAt: this.now, endsAt: this.now + ms, ended };
    this.runs.set(id, run);
    this.#live.add(run);
    this.most = Math.max(this.most, this.#live.size);
    return { id, own: true };
  }

  async begunBy(): Promise<undefined> {
    return undefined;
  }

  async ended(id: string, all: AbortSignal): Promise<RunEnded> {
    const signal = AbortSignal.any([all]); // a thousand listen
    signal.throwIfAborted();
    const run = this.#run(id);
    if (run.endsAt > this.now)
      await new Promise<void>((resolve, reject) => {
        const stop = (): void => reject(signal.reason as Error);
        signal.addEventListener('abort', stop, { once: true });
        this.#ends.set(id, () => {
          signal.removeEventListener('abort', stop);
          resolve();
        });
      });
    return run.ended;
  }

  async resting(): Promise<ReadonlySet<string>> {
    return this.waiting;
  }

  async comingTo(): Promise<number> {
    return this.onTheWay();
  }

  async goingBack(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(ids.filter((id) => this.undone.has(id)));
  }

  /** Lets time pass: the next ends as soon as everybody has done what there is to do; or `ms` pass, whoever ends. */
  async pass(ms?: number): Promise<void> {
    for (let idle = 0; idle < 3; idle += 1) await turn();
    const next = Math.min(
      ...[...this.#live, ...this.others.values()].map(({ endsAt }) => endsAt).filter((at) => at > this.now),
    );
    this.now = ms === undefined ? (Number.isFinite(next) ? next : this.now) : this.now + ms;
    for (const run of this.#live) if (run.endsAt <= this.now) this.#live.delete(run);
    for (const [id, told] of this.#ends)
      if (this.#run(id).endsAt <= this.now) {
        this.#ends.delete(id);
        told();
      }
  }

  /** The site of these applications, each with an instance until it was moved; none keeps the contract. */
  catalogue(names: readonly string[]): Catalogue {
    const instance: Instance = { id: 'i', name: null, state: 'started', endpoint: null };
    const gone = ({ name }: Application): boolean =>
      ['a2', 'a3', 'a4', 'a5'].some((target) => {
        const run = this.runs.get(`${name}/*/${target}`);
        return run !== undefined && run.endsAt <= this.now && run.ended === moved;
      });
    const located = { ...instance, endpoint: { host: '127.0.0.1', port: 1 } };
    const says = { role: 'authority', epoch: 1, promisedTo: null, retiring: false, copies: [], users: [] };
    const site = {
      name: 'a1',
      instances: {
        list: async (of: Application) => {
          this.lookedFor.push(of.name);
          const is = gone(of) || this.coming.has(of.name);
          await this.tells(of.name);
          return this.servedHome.has(of.name) ? [located] : is ? [] : [instance];
        },
      },
      context: () => ({ state: async () => says }),
    };
    const applications = names.map((name) => ({ name, management: undefined }) as unknown as Application);
    const nobody = async (): Promise<never> => await Promise.reject(new Error('nobody is asked'));
    return {
      site: async () => site as unknown as Site,
      applications: async () => applications,
      sites: nobody,
      application: nobody,
      device: nobody,
    };
  }

  #run(id: string): Omit<Played, 'request'> {
    const run = this.runs.get(id) ?? [...this.others.values()].find((each) => each.id === id);
    if (run === undefined) throw new Error(`no run ${id}`);
    return run;
  }
}
