import { z } from 'zod';
import { plainAddress } from '../../domain/endpoint.ts';
import { Id } from '../id.ts';

/** MEC 021, registrations of applications at the application mobility service. */
export const appMobilityServices = '/amsi/v1/app_mobility_services';

/** By the numbers of V2.2.1, which its file wraps once more, or the names of V2.1.1. What is none of them says nothing. */
const levels = {
  1: 'forbidden',
  APP_MOBILITY_NOT_ALLOWED: 'forbidden',
  2: 'confirmation',
  APP_MOBILITY_WITH_CONFIRMATION: 'confirmation',
} as const;

export type MobilityLevel = 'free' | 'confirmation' | 'forbidden';

const Level = z
  .union([
    z.string(),
    z.int(),
    z.object({ appMobilityServiceLevel: z.union([z.string(), z.int()]) }).transform((it) => it.appMobilityServiceLevel),
  ])
  .transform((level): MobilityLevel => (Object.hasOwn(levels, level) ? levels[level as keyof typeof levels] : 'free'))
  .nullish()
  .catch(undefined);

/** V2.2.1 shows the plain address. */
export const AssociateId = z.union([z.string(), z.looseObject({ value: z.string() })]);
export type AssociateId = z.infer<typeof AssociateId>;

export const addressIn = (associate: AssociateId): string =>
  plainAddress(typeof associate === 'string' ? associate : associate.value);

/** Its numbers of V2.2.1, as its members may be wrapped once more, or the names of V2.1.1. All else is not transferred. */
const Transferred = z
  .union([
    z.string(),
    z.int(),
    z.object({ contextTransferState: z.union([z.string(), z.int()]) }).transform((it) => it.contextTransferState),
  ])
  .transform((state) => state === 1 || state === 'USER_CONTEXT_TRANSFER_COMPLETED')
  .nullish()
  .catch(undefined)
  .transform((transferred) => transferred ?? false);

const Device = z.object({
  associateId: AssociateId.nullish().catch(undefined),
  appMobilityServiceLevel: Level,
  contextTransferState: Transferred,
});

/** Whose it is has to be told; of the rest, each device by itself. */
export const RegistrationInfo = z.object({
  serviceConsumerId: z.object({ appInstanceId: Id }),
  deviceInformation: z
    .array(Device.catch({ contextTransferState: false }))
    .nullish()
    .catch(undefined)
    .transform((devices) => devices ?? []),
});
export type RegistrationInfo = z.infer<typeof RegistrationInfo>;

const STRICTEST_FIRST: readonly MobilityLevel[] = ['forbidden', 'confirmation', 'free'];

export const stricter = (one: MobilityLevel, other: MobilityLevel): MobilityLevel =>
  STRICTEST_FIRST.indexOf(one) < STRICTEST_FIRST.indexOf(other) ? one : other;

/** The strictest level registered for this device; with null: for any of its devices. */
export function strictest(registrations: readonly RegistrationInfo[], device: string | null): MobilityLevel {
  const found = registrations
    .flatMap(({ deviceInformation }) => deviceInformation)
    .filter(({ associateId }) => device === null || (associateId != null && addressIn(associateId) === device))
    .map(({ appMobilityServiceLevel }) => appMobilityServiceLevel);
  return (['forbidden', 'confirmation'] as const).find((level) => found.includes(level)) ?? 'free';
}
