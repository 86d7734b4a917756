import { z } from 'zod';
import { plainAddress } from '../../domain/endpoint.ts';
import { Id } from '../id.ts';

/** MEC 010-2 V3.1.1, application life cycle management: what of it is read and written. Unknown members pass. */
export const appInstances = '/app_lcm/v1/app_instances';
export const appLcmOpOccs = '/app_lcm/v1/app_lcm_op_occs';

/** Whatever is no text is not told: what others have in a list, or a newer version says, stops nobody. */
const told = z.string().nullish().catch(undefined);
const toldId = Id.nullish().catch(undefined);

/** V2.1.1 tells none. A port is a number to most. */
const Address = z.object({
  host: z.string().min(1).transform(plainAddress),
  port: z
    .union([z.int(), z.string().regex(/^\d+$/).transform(Number)])
    .pipe(z.int().min(1).max(65_535))
    .nullish()
    .catch(undefined),
});
export type Address = z.infer<typeof Address>;

/** What tells one instance from another is `id`; `instantiationState` beside INSTANTIATED: NOT_INSTANTIATED, and what is not known. */
export const AppInstanceInfo = z.object({
  id: Id,
  appInstanceName: told,
  appDId: toldId,
  instantiationState: told,
  instantiatedAppState: z.object({ operationalState: told }).nullish().catch(undefined),
  communicationInterface: z
    .object({
      ipAddresses: z
        .array(Address.nullable().catch(null))
        .nullish()
        .catch(undefined)
        .transform((addresses) => (addresses ?? []).filter((address) => address !== null)),
    })
    .nullish()
    .catch(undefined),
});
export type AppInstanceInfo = z.infer<typeof AppInstanceInfo>;

/** What is told of an instance that others may use. */
export const KnownInstance = AppInstanceInfo.extend({ appName: told, appProvider: told, appSoftVersion: told });
export type KnownInstance = z.infer<typeof KnownInstance>;

/** An instance that was asked for by its id has to tell its state. */
export const OneAppInstance = AppInstanceInfo.extend({ instantiationState: z.string() });

/** The answer to a creation: its Location may say the same. */
export const Created = z.object({ id: Id }).nullish().catch(undefined);

/** In milliseconds; others tell it as text, as SOL 003 does. */
const TimeStamp = z
  .union([
    z
      .object({ seconds: z.number(), nanoSeconds: z.number().catch(0) })
      .transform(({ seconds, nanoSeconds }) => seconds * 1_000 + nanoSeconds / 1_000_000),
    z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  ])
  .optional()
  .catch(undefined);

export const AppLcmOpOcc = z
  .object({
    id: Id,
    /** STARTING, PROCESSING, COMPLETED, FAILED, FAILED_TEMP (waits for retry or fail; not in V2.1.1), and what is not known. */
    operationState: z.string(),
    /** V2.1.1 and the test suite spell INSTATIATE. */
    lcmOperation: told,
    startTime: TimeStamp,
    /** NFV-SOL 003 has it, MEC has not. */
    appInstanceId: toldId,
    _links: z
      .object({ appInstance: z.object({ href: told }).nullish().catch(undefined) })
      .nullish()
      .catch(undefined),
  })
  /** The link is the only name of the instance; some peers leave it out of lists even if asked for. */
  .transform(({ _links: links, appInstanceId, ...occurrence }) => ({
    ...occurrence,
    appInstance: links?.appInstance?.href ?? appInstanceId ?? undefined,
  }));
export type AppLcmOpOcc = z.infer<typeof AppLcmOpOcc>;

/** It goes on, or waits for us (FAILED_TEMP); NFV-SOL 003 has ROLLING_BACK. */
export const GOES_ON = ['STARTING', 'PROCESSING', 'FAILED_TEMP', 'ROLLING_BACK'] as const;
/** Ended for good; NFV-SOL 003 has ROLLED_BACK. What is not known may go on. */
export const ENDED = ['COMPLETED', 'FAILED', 'ROLLED_BACK'] as const;

export interface CreateAppInstanceRequest {
  readonly appDId: string;
  readonly appInstanceName: string;
}

export interface InstantiateAppRequest {
  readonly selectedMECHostInfo: readonly { readonly hostId: { readonly id: string }; readonly hostName: string }[];
  readonly locationConstraints?: { readonly countryCode: string };
}

/** Timeouts in seconds. */
export interface TerminateAppRequest {
  readonly terminationType: 'GRACEFUL' | 'FORCEFUL';
  readonly gracefulTerminationTimeout?: number;
}

export type OperateAppRequest =
  | { readonly changeStateTo: 'STARTED' }
  | { readonly changeStateTo: 'STOPPED'; readonly stopType: 'GRACEFUL'; readonly gracefulStopTimeout: number };

/** The member is literally so in the published file. */
export interface CancelRequest {
  readonly CancelMode: 'FORCED';
}
