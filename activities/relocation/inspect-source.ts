import type { ApplicationState } from '../../domain/application.ts';
import { isClaimedTwice, serves } from '../../domain/application.ts';
import type { Obstacles } from './obstacles.ts';
import { foreseeSubscriptions } from './subscriptions.ts';
import { isLocated, type Located, type Scene, type Subject } from './subject.ts';

export interface Serving {
  readonly instance: Located;
  readonly state: ApplicationState;
}

export const nobody: { readonly serving: readonly Serving[]; readonly unusable: readonly string[] } = {
  serving: [],
  unusable: [],
};

/** Every instance there that says that it serves these users, and why others could not be asked. */
export async function servingAt(
  { source, application, context }: Scene,
  { users }: Subject,
  obstacles: Obstacles,
  signal: AbortSignal,
): Promise<typeof nobody> {
  const instances = await source.instances.list(application, signal);
  const serving: Serving[] = [];
  for (const instance of instances.filter(isLocated)) {
    const state = await obstacles.asking(undefined, source.name, async () =>
      context.source.state(instance.endpoint, users, signal),
    );
    if (state !== undefined && serves(state, users)) serving.push({ instance, state });
  }
  return { serving, unusable: instances.flatMap(({ unusable }) => unusable ?? []) };
}

/** The one instance that serves them; undefined: there is none, or it is not known which. */
export function authorityOf(
  { source, application }: Scene,
  { users }: Subject,
  { serving, unusable }: typeof nobody,
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

export const none: { readonly carried: number; readonly lacking: readonly string[]; readonly told: readonly string[] } =
  {
    carried: 0,
    lacking: [],
    told: [],
  };

/** What is to be carried, what cannot be made at the target, and what stays behind whatever is done: never silence. */
export async function inspectSubscriptions(
  { source, target, device }: Scene,
  authority: Located,
  obstacles: Obstacles,
  signal: AbortSignal,
): Promise<typeof none> {
  const from = { instance: authority.id, endpoint: authority.endpoint };
  const seen = await obstacles.asking(undefined, source.name, async () =>
    foreseeSubscriptions({ source, target, from, device }, signal),
  );
  if (seen === undefined) return none;
  const { wanted, lacking, notCarried } = seen;
  return {
    carried: wanted.length,
    lacking: lacking.map(({ service, type }) => `has no service ${service} for a subscription of type ${type}`),
    told: notCarried.map(
      ({ service, type, why }) =>
        `${source.name}: a subscription ${type === null ? '' : `of type ${type} `}at ${service} is not carried over: ${why}`,
    ),
  };
}
