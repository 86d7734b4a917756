import { failure } from '../failure.ts';
import type { Lead, Owner, Site, Wait } from '../ports.ts';
import { alive, until } from '../waiting.ts';
import { copySubscriptions, deleteMade, dropVanished } from './subscriptions.ts';
import { locateBoth, sceneOf, type Both, type Located, type Means, type Scene, type Subject } from './subject.ts';

/** The rules that are to change at either side, sealed. Null: that side leads nobody. */
export interface PathTurns {
  readonly here: string | null;
  readonly away: string | null;
}

export interface CopyOrder extends Both {
  /** Subscriptions that earlier passes made at the target. */
  readonly made: readonly string[];
  /** What may have been turned in an earlier pass. */
  readonly turns: PathTurns | null;
}

export interface Copied {
  readonly subscriptions: number;
  readonly users: number;
  readonly made: readonly string[];
  /** Step 5 as it is going to be: what it finds now is what its undo restores. */
  readonly turns: PathTurns;
}

export interface CopiesOrder extends Subject {
  readonly made: readonly string[];
}

export const copying = (means: Means) => ({
  /** Step 4 (GR MEC 035, [5.3.2-4], [5.4.2-3]): subscriptions made again and read back; beside it the bulk of the context. */
  copyAhead: async (order: CopyOrder): Promise<Copied> =>
    await alive(means.pace, async (wait) => {
      const scene = await sceneOf(means, order);
      const { source, target } = await locateBoth(scene, order, wait.signal);
      const [{ made, subscriptions }, users] = await Promise.all([
        subscriptionsCopied(scene, order, source, target, wait),
        contextCopied(means, scene, order, source, target, wait),
      ]);
      return { subscriptions, users, made, turns: await plannedTurns(scene, order.turns, source, target, wait) };
    }),

  /** The undo: the copies are deleted, and nothing else. */
  deleteCopies: async ({ made, ...subject }: CopiesOrder): Promise<void> =>
    await alive(means.pace, async ({ signal }) => await deleteMade(await sceneOf(means, subject), made, signal)),
});

async function subscriptionsCopied(
  scene: Scene,
  order: CopyOrder,
  source: Located,
  target: Located,
  wait: Wait,
): Promise<{ made: readonly string[]; subscriptions: number }> {
  const kept = wait.kept('made');
  const made = new Set([...order.made, ...(Array.isArray(kept) ? (kept as string[]) : [])]);
  const [from, to] = [ownerOf(source), ownerOf(target)];
  const wanted = await copySubscriptions(
    scene,
    from,
    to,
    (id) => {
      made.add(id);
      wait.keep('made', [...made]);
    },
    wait.signal,
  );
  await dropVanished(scene, wanted, to, [...made], wait.signal);
  return { made: [...made], subscriptions: wanted.length };
}

async function contextCopied(
  { pace }: Means,
  { context, relocation, source: site }: Scene,
  { users }: Both,
  source: Located,
  target: Located,
  wait: Wait,
): Promise<number> {
  const promise = { relocation, users, target: target.endpoint };
  let told = 'nothing of it';
  const copied = await until(wait, pace.stepMs, async () => {
    const answer = await context.source.promise(source.endpoint, promise, wait.signal);
    told = `that of ${answer.copied} of ${answer.users} users`;
    wait.progress(`context of ${answer.copied} of ${answer.users} users copied ahead`);
    return answer.copied >= answer.users ? answer.users : undefined;
  });
  if (copied === undefined)
    throw failure('ContextNotCopied', `${site.name}: the context was to be copied in ${pace.stepMs} ms, ${told} was`);
  return copied;
}

async function plannedTurns(
  { source: from, target: to, application, device }: Scene,
  earlier: PathTurns | null,
  source: Located,
  target: Located,
  { signal }: Wait,
): Promise<PathTurns> {
  const whom = { name: application.domainName, device };
  const sight = await from.path?.look(source.id, whom, signal);
  const lead: Lead = {
    ...whom,
    from: ownerOf(source),
    to: ownerOf(target),
    former: [source.endpoint.host, ...(sight?.former ?? [])],
    sameNetwork: from.network !== undefined && from.network.name === to.network?.name,
  };
  const planned = async ({ path }: Site, way: 'here' | 'away'): Promise<string | null> =>
    (await path?.plan(way, lead, earlier?.[way] ?? null, signal)) ?? null;
  return { here: await planned(to, 'here'), away: await planned(from, 'away') };
}

export const ownerOf = ({ id, endpoint }: Located): Owner => ({ instance: id, endpoint });
