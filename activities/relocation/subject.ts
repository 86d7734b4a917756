import type { ApplicationState } from '../../domain/application.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import { type Digest, stepKey } from '../../domain/identity.ts';
import type { Pace } from '../../configuration/peers.ts';
import { failure } from '../failure.ts';
import type { Application, Instance, Site, World } from '../ports.ts';

/** What every step of a relocation is told: names only. */
export interface Subject {
  /** Workflow chain (id and first run): the same for every retry and every reset of this relocation. */
  readonly chain: string;
  readonly application: string;
  /** `*`, or one user's ueIdentityTag. */
  readonly users: string;
  readonly source: string;
  readonly target: string;
}

/** What the worker gives to the steps. */
export interface Means {
  readonly world: World;
  readonly pace: Pace;
  readonly digest: Digest;
}

/** An instance that can be reached. */
export interface Located extends Instance {
  readonly endpoint: Endpoint;
}

/** The names of a subject, looked up. */
export interface Scene {
  readonly application: Application;
  readonly source: Site;
  readonly target: Site;
  /** Address of the one device that moves; null: all users move. */
  readonly device: string | null;
  /** By this name the application knows the relocation. */
  readonly relocation: string;
  /** What is made at a peer for a step is found again by this key. */
  readonly key: (step: string) => string;
}

export function sceneOf({ world, digest }: Means, subject: Subject): Scene {
  const key = (step: string): string => stepKey(subject.chain, step, digest);
  const device = subject.users === '*' ? null : world.device(subject.users);
  if (subject.users !== '*' && device === null) throw failure('UnknownName', `no device is known for that user`);
  return {
    application: world.application(subject.application),
    source: world.site(subject.source),
    target: world.site(subject.target),
    device,
    relocation: key('relocation'),
    key,
  };
}

export const isLocated = (instance: Instance): instance is Located =>
  instance.state === 'started' && instance.endpoint !== null;

/** The instance as it is now. NotYet: it is not running, which may pass. */
export async function locate(site: Site, application: Application, id: string, signal: AbortSignal): Promise<Located> {
  const instance = (await site.instances.list(application, signal)).find((candidate) => candidate.id === id);
  if (instance === undefined) throw failure('NotYet', `${site.name}: instance ${id} is not there`);
  if (!isLocated(instance))
    throw failure('NotYet', `${site.name}: ${instance.unusable ?? `instance ${id} is ${instance.state}`}`);
  return instance;
}

/** Is it the authority of any user at all? Then it must not be taken away. */
export const servesAnybody = ({ role, users }: ApplicationState): boolean =>
  role === 'authority' || users.some((user) => user.role === 'authority');

/** What an instance is to these users. */
export function roleOf(state: ApplicationState, users: string): ApplicationState['role'] {
  return users === '*' ? state.role : (state.users.find(({ user }) => user === users)?.role ?? state.role);
}
