import { z } from 'zod';

/** MEC 010-2, application package management. V2.1.1 has `/app_packages/{appPkgId}`, V3.1.1 `/onboarded_app_packages/{appDId}`. */
export const packageManagement = '/app_pkgm/v1';

export interface PackageDialect {
  readonly collection: 'app_packages' | 'onboarded_app_packages';
  /** Who moves the bytes: we put them, or the peer fetches them from `appPkgPath`. */
  readonly content: 'put' | 'fetch';
}

/** As in a list, which leaves out the checksum. */
export const AppPkgInfo = z.object({
  id: z.string().min(1),
  appDId: z.string().nullish(),
  appSoftwareVersion: z.string().nullish(),
  appDVersion: z.string().nullish(),
  checksum: z.object({ algorithm: z.string(), hash: z.string() }).nullish(),
  onboardingState: z.enum(['CREATED', 'UPLOADING', 'PROCESSING', 'ONBOARDED']),
  operationalState: z.enum(['ENABLED', 'DISABLED']),
  userDefinedData: z.record(z.string(), z.unknown()).nullish(),
  /** V3.1.1: why it is CREATED again. */
  onboardingFailureDetails: z.object({ title: z.string().nullish(), detail: z.string().nullish() }).nullish(),
});
export type AppPkgInfo = z.infer<typeof AppPkgInfo>;

export interface CreateAppPkg {
  readonly appPkgName: string;
  readonly appPkgVersion: string;
  readonly appProvider: string;
  readonly checksum: { readonly algorithm: 'SHA-256'; readonly hash: string };
  readonly appPkgPath: string;
  /** By `ferryKey` it is found again when the answer was lost. */
  readonly userDefinedData: { readonly ferryKey: string };
}

export interface AppPkgInfoModifications {
  readonly operationalState: 'ENABLED';
}
