import { atOnce } from '../../domain/at-once.ts';
import { isAuthority, type ApplicationState } from '../../domain/application.ts';
import { failure } from '../failure.ts';
import type { Application, Instance, Site } from '../ports.ts';
import { isLocated, mayRun, whatItSays, type Located, type Scene } from './subject.ts';

/** What is known to be served elsewhere is asked for, at most so much at a time. */
export const AT_ONCE = 8;

export interface Other {
  readonly site: Site;
  readonly instance: Located;
}

/** Of these two nobody is asked as of one among the others. */
export interface Between {
  readonly from: string;
  /** Null: there is none yet. */
  readonly to: string | null;
}

/** What becomes of one that cannot be asked: it is refused, or passed over and told. */
export type Missing = (refusal: Error) => void;
export const refused: Missing = (refusal) => {
  throw refusal;
};

/** Passed over where that was accepted (GR MEC 035, 5.3.1). `told`: who was. */
export function passing(accepted: boolean): { readonly missing: Missing; readonly told: string[] } {
  const told: string[] = [];
  return { told, missing: accepted ? ({ message }) => void told.push(message) : refused };
}

export const unknown = ({ name }: Site, id: string, why: string): Error =>
  failure('OtherUnknown', `${name}: whom instance ${id} serves cannot be asked: ${why}`);

export const servesThem = ({ name }: Site, id: string): Error =>
  failure('NotLost', `${name}: instance ${id} is the authority of these users`);

/**
 * The application's instances at each of these sites, or why they cannot be seen. Asked in one turn: a MEO with many sites is
 * asked once for all of them.
 */
export async function instancesAt(
  sites: readonly Site[],
  application: Application,
  signal: AbortSignal,
): Promise<readonly { readonly site: Site; readonly listed: readonly Instance[] | Error }[]> {
  return await atOnce(sites.length, sites, async (site) => ({
    site,
    listed: await whatItSays(async () => await site.instances.list(application, signal), signal),
  }));
}

/** Every other instance of the application, wherever it runs. OtherUnknown: one may run, and cannot be asked; see `missing`. */
export async function othersThan(
  sites: readonly Site[],
  { application, source, target }: Scene,
  { from, to }: Between,
  signal: AbortSignal,
  missing: Missing,
): Promise<readonly Other[]> {
  const everywhere = (await instancesAt(sites, application, signal)).flatMap(({ site, listed }) => {
    if (!(listed instanceof Error)) return listed.map((instance) => ({ site, instance }));
    missing(failure('OtherUnknown', `${site.name}: its instances cannot be seen: ${listed.message}`));
    return [];
  });
  return everywhere.flatMap(({ site, instance }): Other[] => {
    if (site.name === source.name && instance.id === from) return [];
    if (site.name === target.name && instance.id === to) return [];
    if (isLocated(instance)) return [{ site, instance }];
    if (mayRun(instance)) missing(unknown(site, instance.id, instance.unusable ?? `it is ${instance.state}`));
    return [];
  });
}

/** What each of the others says of these users; none of them is their authority. NotLost, OtherUnknown. */
export async function askOthers(
  sites: readonly Site[],
  scene: Scene,
  users: string,
  between: Between,
  signal: AbortSignal,
  missing: Missing,
): Promise<readonly (Other & { readonly state: ApplicationState })[]> {
  // Without the contract nobody tells whom he serves, and has no copy that could be taken over
  if (scene.context.target.guarantee !== 'zeroLoss') return [];
  const others = await othersThan(sites, scene, between, signal, missing);
  const said = await atOnce(AT_ONCE, others, async ({ site, instance }) => {
    const state = await whatItSays(
      async () => await scene.context.target.state(instance.endpoint, users, signal),
      signal,
    );
    if (state instanceof Error) {
      missing(unknown(site, instance.id, state.message));
      return [];
    }
    if (isAuthority(state, users)) throw servesThem(site, instance.id);
    return [{ site, instance, state }];
  });
  return said.flat();
}
