import type { Guaranteed } from '../../domain/guarantee.ts';
import type { MobileDevice, MobilityTold, Owner, Site } from '../ports.ts';
import { ownerOf, type Located, type Scene } from './subject.ts';

/** What can be promised of an instance, and why no more. */
export interface Promised {
  readonly guarantee: Guaranteed;
  readonly why: readonly string[];
}

/** Of which an application has to be told, if its own transfer is to be relied upon (MEC 021, 6.3.2). */
const NEEDED: readonly MobilityTold[] = ['TRIGGERED', 'COMPLETED', 'FAILED'];

/**
 * What the record of the application declares, as far as its instance at the source has done what that takes: a registration
 * with the devices concerned, and a subscription by which it hears of all that it has to act upon (MEC 021, 5.2, 6.2.2, 6.3.2).
 */
export async function promisedOf(
  { application, context, source, device }: Scene,
  authority: Located | undefined,
  signal: AbortSignal,
): Promise<Promised> {
  if (context.source.guarantee === 'zeroLoss') return { guarantee: 'zeroLoss', why: [] };
  if (!application.stateful) return { guarantee: 'stateless', why: [] };
  if (application.transfer === undefined)
    return { guarantee: 'none', why: ['its record declares neither the contract nor a transfer of its own'] };
  const why = authority === undefined ? [] : await lacking(source, ownerOf(authority), device, signal);
  return { guarantee: why.length === 0 ? 'applicationOwn' : 'none', why };
}

async function lacking(
  { name, mobility }: Site,
  owner: Owner,
  device: string | null,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const who = `${name}: instance ${owner.instance}`;
  const [registered, heard] = await Promise.all([
    mobility?.registered(owner.instance, signal),
    mobility?.hears(owner, signal),
  ]);
  const missing = NEEDED.filter((status) => heard?.includes(status) !== true);
  return [
    ...(registered == null ? [`${who} is not registered at an application mobility service`] : []),
    ...(registered != null && concerned(registered, device).length === 0
      ? [`${who} has registered none of the devices that are to move`]
      : []),
    ...(registered == null
      ? []
      : reportedUnasked(owner.instance, concerned(registered, device)).map((told) => `${name}: ${told}`)),
    ...(missing.length > 0
      ? [`${who} has no subscription at its own address that tells it ${missing.join(', ')}`]
      : []),
  ];
}

/** What was reported before anybody asked was sent to the target of an earlier relocation, or nowhere: it is none to this one. */
export function reportedUnasked(instance: string, devices: readonly MobileDevice[]): readonly string[] {
  const done = devices.filter(({ transferred }) => transferred).length;
  return done === 0
    ? []
    : [
        `instance ${instance} reports the context of ${done} of its ${devices.length} devices as transferred, though nobody has asked for it: it has to take that back, or to register them no more`,
      ];
}

/** Those whose context is to be moved. */
export const concerned = (devices: readonly MobileDevice[], device: string | null): readonly MobileDevice[] =>
  device === null ? devices : devices.filter(({ address }) => address === device);
