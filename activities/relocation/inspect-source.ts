import type { SeenInLists } from '../../domain/subscription.ts';
import type { ApplicationState } from '../../domain/application.ts';
import { isClaimedTwice, serves } from '../../domain/application.ts';
import { atOnce } from '../../domain/at-once.ts';
import type { Obstacles } from './obstacles.ts';
import { foreseeSubscriptions } from './subscriptions.ts';
import { isLocated, whatItSays, type Located, type Scene, type Subject } from './subject.ts';

export interface Serving {
  readonly instance: Located;
  readonly state: ApplicationState;
}

interface AtSource {
  readonly serving: readonly Serving[];
  readonly unusable: readonly string[];
  readonly silent: readonly string[];
}

export const nobody: AtSource = { serving: [], unusable: [], silent: [] };

/** Instances are asked side by side: one that hangs holds up the others no longer than itself. */
const AT_ONCE = 8;

/**
 * Every instance there that says that it serves these users, and why others could not be asked. A user has one authority: beside
 * one who says that he is it, `silent` ones are told and left alone; where nobody says so, one of them may be it.
 */
export async function servingAt(
  { source, application, context }: Scene,
  { users }: Subject,
  obstacles: Obstacles,
  signal: AbortSignal,
): Promise<AtSource> {
  const instances = await source.instances.list(application, signal);
  const asked = await atOnce(AT_ONCE, instances.filter(isLocated), async (instance) => ({
    instance,
    said: await whatItSays(async () => await context.source.state(instance.endpoint, users, signal), signal),
  }));
  const serving = asked.flatMap(({ instance, said }) =>
    said instanceof Error || !serves(said, users) ? [] : [{ instance, state: said }],
  );
  const silent = asked.flatMap(({ instance: { id }, said }) => (said instanceof Error ? [{ id, why: said }] : []));
  if (serving.length === 0)
    for (const { why } of silent) await obstacles.asking(undefined, source.name, async () => await Promise.reject(why));
  return {
    serving,
    unusable: instances.flatMap(({ unusable }) => unusable ?? []),
    silent: silent.map(({ id }) => id),
  };
}

/** The one instance that serves them; undefined: there is none, or it is not known which. */
export function authorityOf(
  { source, application }: Scene,
  { users }: Subject,
  { serving, unusable }: AtSource,
  obstacles: Obstacles,
): Serving | undefined {
  const [only, ...more] = serving;
  if (only === undefined && !obstacles.at(source.name))
    obstacles.add(
      'NotServing',
      source.name,
      [`no instance of ${application.name} there is the authority for these users`, ...unusable].join('; '),
    );
  if (more.length === 0) return only;
  const ids = serving.map(({ instance }) => instance.id).join(' and ');
  const states = serving.map(({ state }) => state);
  if (isClaimedTwice(states, users))
    obstacles.add('AuthoritySplit', source.name, `instances ${ids} both say that they serve the same users`);
  else obstacles.add('NotServing', source.name, `its users are spread over instances ${ids}: move them one by one`);
  return undefined;
}

interface InspectedSubscriptions {
  readonly carried: number;
  readonly lacking: readonly string[];
  readonly told: readonly string[];
  readonly seen: SeenInLists;
}

export const none: InspectedSubscriptions = { carried: 0, lacking: [], told: [], seen: {} };

/** What is to be carried, what cannot be made at the target, and what stays behind whatever is done: never silence. */
export async function inspectSubscriptions(
  { source, target, device }: Scene,
  authority: Located,
  obstacles: Obstacles,
  signal: AbortSignal,
): Promise<InspectedSubscriptions> {
  const from = { instance: authority.id, endpoint: authority.endpoint };
  const foreseen = await obstacles.asking(undefined, source.name, async () =>
    foreseeSubscriptions({ source, target, from, device }, signal),
  );
  if (foreseen === undefined) return none;
  const { wanted, lacking, notCarried, seen } = foreseen;
  return {
    carried: wanted.length,
    seen,
    lacking: lacking.map(({ service, type }) => `has no service ${service} for a subscription of type ${type}`),
    told: notCarried.map(
      ({ service, type, why }) =>
        `${source.name}: a subscription ${type === null ? '' : `of type ${type} `}at ${service} is not carried over: ${why}`,
    ),
  };
}
