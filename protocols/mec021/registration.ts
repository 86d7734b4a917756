import { z } from 'zod';

/** MEC 021, registrations of applications at the application mobility service. */
export const appMobilityServices = '/amsi/v1/app_mobility_services';

const NOT_ALLOWED = 'APP_MOBILITY_NOT_ALLOWED';

/** V2.1.1 has strings, V2.2.1 numbers, its file wraps them once more. */
const Level = z
  .union([z.string(), z.int(), z.object({ appMobilityServiceLevel: z.int() })])
  .transform((level) => (typeof level === 'object' ? level.appMobilityServiceLevel : level))
  .transform((level) => (level === 1 ? NOT_ALLOWED : level));

/** V2.2.1 shows the plain address. */
const AssociateId = z
  .union([z.string(), z.object({ value: z.string() })])
  .transform((id) => (typeof id === 'string' ? id : id.value));

export const RegistrationInfo = z.object({
  serviceConsumerId: z.object({ appInstanceId: z.string().nullish() }),
  deviceInformation: z
    .array(z.object({ associateId: AssociateId, appMobilityServiceLevel: Level.nullish() }))
    .nullish(),
});
export type RegistrationInfo = z.infer<typeof RegistrationInfo>;

/** Does it forbid to move this device; with null: any of its devices? */
export const forbids = ({ deviceInformation }: RegistrationInfo, device: string | null): boolean =>
  (deviceInformation ?? []).some(
    ({ associateId, appMobilityServiceLevel }) =>
      (device === null || associateId === device) && appMobilityServiceLevel === NOT_ALLOWED,
  );
