import { z } from 'zod';

/** The cloud manager's API, `/cloud/v1` (docs/operations.md). */

const Endpoint = z.object({ host: z.string().min(1), port: z.int().min(1).max(65_535) });

export const CloudPackage = z.object({
  id: z.string().min(1),
  appDId: z.string(),
  appSoftVersion: z.string(),
  checksum: z.object({ algorithm: z.string(), hash: z.string() }),
  state: z.enum(['fetching', 'ready', 'failed']),
  detail: z.string().nullish(),
});
export type CloudPackage = z.infer<typeof CloudPackage>;

export const CloudInstance = z.object({
  name: z.string().min(1),
  appDId: z.string(),
  state: z.enum(['starting', 'running', 'stopping', 'stopped', 'failed']),
  endpoint: Endpoint.nullish(),
  /** Since when it is in this state. */
  since: z.string().nullish(),
  detail: z.string().nullish(),
});
export type CloudInstance = z.infer<typeof CloudInstance>;

export const packages = '/cloud/v1/packages';
export const instances = '/cloud/v1/instances';
