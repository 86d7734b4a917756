import { z } from 'zod';
import { Id } from '../id.ts';

/** MEC 010-2, application package management. V2.1.1 has `/app_packages/{appPkgId}`, V3.1.1 `/onboarded_app_packages/{appDId}`. */
export const packageManagement = '/app_pkgm/v1';

export interface PackageDialect {
  readonly collection: 'app_packages' | 'onboarded_app_packages';
  /** Who moves the bytes: we put them, or the peer fetches them from `appPkgPath`. */
  readonly content: 'put' | 'fetch';
}

/** Whatever is no text is not told: what others have in a list, or a newer version says, stops nobody. */
const told = z.string().nullish().catch(undefined);

const members = {
  id: Id,
  appDId: Id.nullish().catch(undefined),
  appSoftwareVersion: told,
  appDVersion: told,
  checksum: z.object({ algorithm: z.string(), hash: z.string() }).nullish().catch(undefined),
  /** CREATED, UPLOADING, PROCESSING, ONBOARDED; ERROR as in NFV-SOL 005; and what is not known. */
  onboardingState: told,
  operationalState: told,
  userDefinedData: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  /** V3.1.1: why it is CREATED again. */
  onboardingFailureDetails: z.object({ title: told, detail: told }).nullish().catch(undefined),
  _links: z
    .object({ self: z.object({ href: told }).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
};

interface Linked {
  readonly _links?:
    | { readonly self?: { readonly href?: string | null | undefined } | null | undefined }
    | null
    | undefined;
}

const linked = <T extends Linked>({ _links: links, ...info }: T): Omit<T, '_links'> & { self: string | undefined } => ({
  ...info,
  self: links?.self?.href ?? undefined,
});

/** As in a list, which leaves out the checksum. */
export const AppPkgInfo = z.object(members).transform(linked);
export type AppPkgInfo = z.infer<typeof AppPkgInfo>;

/** A package that was asked for by its path has to tell its state. */
export const OneAppPkg = z.object({ ...members, onboardingState: z.string() }).transform(linked);

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
