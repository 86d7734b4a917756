import { z } from 'zod';

/** MEC 010-2 V3.1.1, application life cycle management: what of it is read and written. Unknown members pass. */
export const appInstances = '/app_lcm/v1/app_instances';
export const appLcmOpOccs = '/app_lcm/v1/app_lcm_op_occs';

export const AppInstanceInfo = z.object({
  id: z.string().min(1),
  appInstanceName: z.string().nullish(),
  appDId: z.string(),
  instantiationState: z.enum(['NOT_INSTANTIATED', 'INSTANTIATED']),
  instantiatedAppState: z.object({ operationalState: z.enum(['STARTED', 'STOPPED']) }).nullish(),
  /** Not in V2.1.1. */
  communicationInterface: z
    .object({ ipAddresses: z.array(z.object({ host: z.string(), port: z.int().min(0).max(65_535) })).nullish() })
    .nullish(),
});
export type AppInstanceInfo = z.infer<typeof AppInstanceInfo>;

export const AppLcmOpOcc = z
  .object({
    id: z.string().min(1),
    /** FAILED_TEMP waits for retry or fail. Not in V2.1.1. */
    operationState: z.enum(['STARTING', 'PROCESSING', 'COMPLETED', 'FAILED', 'FAILED_TEMP']),
    /** V2.1.1 and the test suite spell INSTATIATE. */
    lcmOperation: z.enum(['INSTANTIATE', 'INSTATIATE', 'OPERATE', 'TERMINATE']),
    _links: z.object({ appInstance: z.object({ href: z.string() }).nullish() }).nullish(),
  })
  /** The link is the only name of the instance; some peers leave it out of lists even if asked for. */
  .transform(({ _links: links, ...occurrence }) => ({ ...occurrence, appInstance: links?.appInstance?.href }));
export type AppLcmOpOcc = z.infer<typeof AppLcmOpOcc>;

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
  readonly terminationType: 'GRACEFUL';
  readonly gracefulTerminationTimeout: number;
}

export type OperateAppRequest =
  | { readonly changeStateTo: 'STARTED' }
  | { readonly changeStateTo: 'STOPPED'; readonly stopType: 'GRACEFUL'; readonly gracefulStopTimeout: number };

/** The member is literally so in the published file. */
export interface CancelRequest {
  readonly CancelMode: 'FORCED';
}
