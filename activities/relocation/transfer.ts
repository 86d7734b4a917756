import { Context } from '@temporalio/activity';
import { isTransferred } from '../../domain/guarantee.ts';
import { failure, keeping } from '../failure.ts';
import type { MobileDevice, Mobility, Wait } from '../ports.ts';
import { alive, isFirst, until } from '../waiting.ts';
import { calm } from './copy-ahead.ts';
import { concerned, reportedUnasked } from './guarantee.ts';
import {
  askable,
  endOf,
  locateBoth,
  look,
  ownerOf,
  sceneOf,
  type Both,
  type Located,
  type Means,
  type Scene,
} from './subject.ts';

/** From now on users are not served, until the path has turned. */
export interface Interrupted {
  /** Devices whose context was transferred. */
  readonly users?: number;
  /** Since it was seen; there may have been more before. */
  readonly sinceMs: number;
}

export interface UndoOrder extends Both {
  /** An instant: nothing that was asked for can be carried out after it. */
  readonly calmAt: number;
}

export interface FailedOrder extends UndoOrder {
  /** It was relied upon: one that cannot be told is none that needs not be told. */
  readonly relied: boolean;
}

/** So many devices have been told, or were transferred already, in any attempt. */
const DUE = 'due';
/** `YES`: it may have been told TRIGGERED, by any attempt. */
const [TOLD, YES] = ['told', 'yes'];
/** Up to this attempt none has told it; `''`: one may have. */
const UNTOLD = 'untoldUntil';

/** What an application does by itself when it is told that its users move (MEC 021, 5.2). */
export const transferring = (means: Means) => ({
  /**
   * Step 6 of an application that transfers its users' context itself (GR MEC 035, [5.3.2-4]; MEC 021, 5.2, 7.4.2): it is told
   * TRIGGERED and where to, and has done it when every device is USER_CONTEXT_TRANSFER_COMPLETED in its registration, which
   * is its consent as well (level 2), and is waited for at level 3 too. Of what an earlier attempt has brought about nothing
   * is said; what was reported before this relocation asked was sent somewhere else. TransferNotCompleted.
   */
  transferContext: async (order: Both): Promise<Interrupted> =>
    await alive(means.pace, async (wait) => {
      const { info } = Context.current();
      // Each attempt says so by itself: one of which nothing was heard may have told it
      const untold = isFirst(info) || wait.kept(UNTOLD) === String(info.attempt - 1);
      if (!untold) wait.keep(TOLD, YES);
      try {
        const scene = await sceneOf(means, order);
        const { source, target } = await locateBoth(scene, order, wait.signal);
        if (isFirst(info)) await demandUnreported(scene, source, wait.signal);
        const transfer = await transferred(scene, { source, target }, info.startToCloseTimeoutMs / 2, wait);
        if (typeof transfer === 'string') throw failure('TransferNotCompleted', transfer);
        return transfer;
      } catch (error) {
        const told = wait.kept(TOLD) === YES;
        wait.keep(UNTOLD, told ? '' : String(info.attempt));
        if (told) throw error;
        throw keeping(error, { untouched: true });
      }
    }),

  /**
   * The undo of both (MEC 021, 7.4.2, INTERHOST_MOVEOUT_FAILED): the application goes on serving. Insisted on, since one that
   * is not told stays frozen for ever; and told once more when nothing that was said before can still be on its way.
   */
  tellFailed: async (order: FailedOrder): Promise<void> =>
    await alive(means.pace, async (wait) => {
      const { application, site } = await endOf(means, order, 'source');
      const { mobility } = site;
      if (mobility === undefined) return;
      const tell = async (): Promise<void> => {
        const source = askable(site, await look(site, application, order.from, wait.signal));
        if (source === undefined) return; // who does not run is not frozen either
        const device = order.users === '*' ? null : await means.catalogue.device(order.users);
        const owner = ownerOf(source);
        const registered = await mobility.registered(owner.instance, wait.signal);
        const devices = concerned(registered ?? [], device);
        wait.progress(`telling instance ${owner.instance} that it goes on serving`);
        const heard = await mobility.tell(owner, { status: 'FAILED', devices, target: null }, wait.signal);
        if (order.relied && heard === 0)
          throw failure(
            'NotYet',
            `${site.name}: instance ${owner.instance} has to be told that it goes on serving, and has ${devices.length === 0 ? 'registered none of its devices any more' : 'no subscription that tells it'}`,
          );
      };
      await tell();
      if (await calm(order.calmAt, wait)) await tell();
    }),
});

async function demandUnreported(
  { source: { name, mobility }, device }: Scene,
  { id }: Located,
  signal: AbortSignal,
): Promise<void> {
  const devices = concerned((await mobility?.registered(id, signal)) ?? [], device);
  for (const told of reportedUnasked(id, devices)) throw failure('TransferNotCompleted', `${name}: ${told}`);
}

/**
 * Tells it TRIGGERED, and waits; a sentence: what is missing still. Whoever was to be moved and is registered no more is
 * missing, unless he was seen to be transferred.
 */
export async function transferred(
  { source: site, device }: Scene,
  { source, target }: { readonly source: Located; readonly target: Located },
  limitMs: number,
  wait: Wait,
): Promise<Interrupted | string> {
  const { mobility } = site;
  if (mobility === undefined) return `${site.name} has no application mobility service`;
  const triggered = new Set<string>();
  const arrived = new Set<string>();
  let due = Number(wait.kept(DUE) ?? 0);
  let missing = 'nothing is known of it';
  let seenAt: number | undefined;
  const done = await until(wait, limitMs, async () => {
    const devices = concerned((await mobility.registered(source.id, wait.signal)) ?? [], device);
    const left = devices.filter((each) => !each.transferred);
    for (const { address, transferred: isDone } of devices) if (isDone) arrived.add(address);
    if (arrived.size > 0) seenAt ??= performance.now();
    demandMovable(site.name, left);
    const fresh = left.filter(({ address }) => !triggered.has(address));
    due = Math.max(due, new Set([...triggered, ...devices.map(({ address }) => address)]).size);
    wait.keep(DUE, String(due));
    if (fresh.length > 0) await trigger(mobility, { source, target }, fresh, wait);
    for (const { address } of fresh) triggered.add(address);
    const told = `the context of ${arrived.size} of ${due} devices`;
    wait.progress(`${told} is transferred`);
    missing = `${site.name}: instance ${source.id} was to report the context of all its devices as transferred, it has reported ${told}`;
    return isTransferred(devices) && arrived.size >= due ? arrived.size : undefined;
  });
  if (done === undefined) return missing;
  return { users: done, sinceMs: Math.round(performance.now() - (seenAt ?? performance.now())) };
}

function demandMovable(site: string, devices: readonly MobileDevice[]): void {
  if (devices.some(({ level }) => level === 'forbidden'))
    throw failure(
      'MobilityNotAllowed',
      `${site}: the application has registered a device as not to be moved (MEC 021)`,
    );
}

async function trigger(
  mobility: Mobility,
  { source, target }: { readonly source: Located; readonly target: Located },
  devices: readonly MobileDevice[],
  { signal, keep, kept }: Wait,
): Promise<void> {
  const told = { status: 'TRIGGERED', devices, target: ownerOf(target) } as const;
  const before = kept(TOLD) ?? '';
  keep(TOLD, YES);
  const heard = await mobility.tell(ownerOf(source), told, signal);
  if (heard > 0) return;
  keep(TOLD, before);
  throw failure('NotYet', `instance ${source.id} has no subscription any more by which it could be told`);
}

/** Step 7 (MEC 021, 7.4.2, INTERHOST_MOVEOUT_COMPLETED): the source may forget them. A courtesy: one that refuses it is let be. */
export async function tellCompleted({ source: site, device }: Scene, source: Located, target: Located, wait: Wait) {
  const { mobility } = site;
  const devices = concerned((await mobility?.registered(source.id, wait.signal)) ?? [], device);
  if (mobility === undefined || devices.length === 0) return;
  wait.progress('telling the source that its users have moved');
  try {
    await mobility.tell(ownerOf(source), { status: 'COMPLETED', devices, target: ownerOf(target) }, wait.signal);
  } catch (error) {
    if ((error as { type?: unknown }).type !== 'PeerRejected') throw error;
  }
}

/** Step 3 (MEC 021, 6.2.2): at its own platform a target is known by a registration, with whatever devices. A cloud has none. */
export async function registeredThere(
  { pace }: Means,
  { application, target }: Scene,
  { id }: Located,
  wait: Wait,
): Promise<void> {
  const { mobility, kind, name } = target;
  // Without state there is nothing to transfer, whatever its record declares
  const transfers = application.stateful && application.transfer !== undefined;
  if (!transfers || mobility === undefined || kind === 'cloud') return;
  const limitMs = Math.min(pace.stepMs, Context.current().info.startToCloseTimeoutMs / 2);
  const there = await until(wait, limitMs, async () => {
    wait.progress(`waiting until instance ${id} has registered at its application mobility service`);
    return (await mobility.registered(id, wait.signal)) ?? undefined;
  });
  if (there === undefined)
    throw failure(
      'TargetNotReady',
      `${name}: instance ${id} has not registered at its application mobility service (MEC 021)`,
    );
}
