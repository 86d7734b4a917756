import type { MobileDevice, MobilityTold, Owner } from '../../activities/ports.ts';
import {
  type MobilityProcedureNotification,
  MobilityProcedureSubscription,
  type MobilityStatus,
  statusesOf,
  wordFor,
} from '../../protocols/mec021/procedure.ts';
import { addressIn, type AssociateId } from '../../protocols/mec021/registration.ts';
import { plainAddress } from '../../domain/endpoint.ts';
import { mecServices } from '../../protocols/mec-services/service.ts';
import { hrefOf, typeOf } from '../../protocols/mec-services/shapes.ts';
import { atOnce } from '../../domain/at-once.ts';
import { isUnreadable, listOf, placesOf, readOne } from '../mec-services/collection.ts';
import type { Acquaintances } from '../mec-services/memory.ts';
import { mayBelong, whose } from '../mec-services/record.ts';
import type { Exchange } from '../http.ts';

/** A notification is one message: of more devices than this there are several. */
export const DEVICES_TOLD = 200;

/** A callback of an application instance, and what is told there. */
export interface Listener {
  readonly callback: string;
  readonly href: string;
  readonly hears: readonly MobilityTold[];
  /** Only of these devices; null: of all. */
  readonly devices: readonly string[] | null;
  readonly subscription: MobilityProcedureSubscription;
}

const service = mecServices.find(({ name }) => name === 'amsi');
const PROCEDURE = 'MobilityProcedureSubscription';
const AT_ONCE = 6;

/**
 * Where an instance wants to hear of its mobility procedure (MEC 021, 6.3.2). A callback that does not lead to the instance
 * itself is none: somebody else would be told where its users are. `known`: those of others are read once.
 */
export async function listenersOf(
  platform: Exchange,
  owner: Owner,
  known: Acquaintances,
  signal: AbortSignal,
): Promise<readonly Listener[]> {
  const listeners: Listener[] = [];
  for (const place of service === undefined ? [] : placesOf(service, owner.instance)) {
    const listed = await listOf(platform, place, signal);
    if (listed.is !== 'open') continue;
    known.keepOnly(place.path, listed.entries);
    const perhaps = [...listed.entries].flatMap(([id, entry]) => {
      const isOne = (typeOf(entry) ?? PROCEDURE) === PROCEDURE;
      return isOne && mayBelong(known.whose(id), owner) ? [id] : [];
    });
    const read = await atOnce(AT_ONCE, perhaps, async (id) => {
      const wire = await readOne(platform, id, signal);
      if (!isUnreadable(wire)) known.remember(id, whose(wire));
      return listenerIn(wire, id, owner);
    });
    listeners.push(...read.filter((each) => each !== undefined));
  }
  return listeners;
}

function listenerIn(wire: Awaited<ReturnType<typeof readOne>>, id: string, owner: Owner): Listener | undefined {
  if (isUnreadable(wire)) return undefined;
  const subscription = MobilityProcedureSubscription.safeParse(wire).data;
  if (subscription === undefined || subscription.filterCriteria.appInstanceId !== owner.instance) return undefined;
  const { callbackReference: callback, filterCriteria } = subscription;
  if (!leadsTo(callback, owner)) return undefined;
  const devices = (filterCriteria.associateId ?? []).map(addressIn);
  return {
    callback,
    href: hrefOf(wire) ?? id,
    hears: statusesOf(subscription).map(shortOf),
    devices: devices.length === 0 ? null : devices,
    subscription,
  };
}

const shortOf = (status: MobilityStatus): MobilityTold => status.slice('INTERHOST_MOVEOUT_'.length) as MobilityTold;

function leadsTo(callback: string, { endpoint }: Owner): boolean {
  if (!URL.canParse(callback)) return false;
  const { protocol, hostname, username, password } = new URL(callback);
  return /^https?:$/.test(protocol) && plainAddress(hostname) === endpoint.host && username === '' && password === '';
}

/** What one listener is told: the body that its service would send (MEC 021, 7.4.2). */
export function* notificationsFor(
  { href, devices: wanted, subscription }: Listener,
  { status, devices, target }: { status: MobilityTold; devices: readonly MobileDevice[]; target: Owner | null },
): Generator<MobilityProcedureNotification> {
  const told = devices.filter(({ address }) => wanted === null || wanted.includes(address));
  for (let first = 0; first < told.length; first += DEVICES_TOLD)
    yield {
      notificationType: 'MobilityProcedureNotification',
      timeStamp: { seconds: Math.floor(Date.now() / 1_000), nanoSeconds: (Date.now() % 1_000) * 1_000_000 },
      associateId: told.slice(first, first + DEVICES_TOLD).map(({ associate }) => associate as AssociateId),
      mobilityStatus: wordFor(`INTERHOST_MOVEOUT_${status}`, subscription),
      ...(target !== null && {
        targetAppInfo: { appInstanceId: target.instance, commInterface: { ipAddresses: [{ ...target.endpoint }] } },
      }),
      _links: { subscription: { href } },
    };
}
