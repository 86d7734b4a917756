import { z } from 'zod';
import { plainAddress } from '../../domain/endpoint.ts';
import { Id } from '../id.ts';

/** The cloud manager's API, `/cloud/v1` (docs/operations.md). */

const Endpoint = z.object({ host: z.string().min(1).transform(plainAddress), port: z.int().min(1).max(65_535) });

/** What is in a state that is not told is in none that is known. */
const State = z
  .string()
  .nullish()
  .catch(null)
  .transform((state) => state ?? '');

export const CloudPackage = z.object({
  id: Id,
  appDId: z.string(),
  /** What is told of one version stands in the way of no other. */
  appSoftVersion: z.string().nullish().catch(null),
  checksum: z.object({ algorithm: z.string(), hash: z.string() }).nullish().catch(null),
  /** `ready` and `failed` are final; `fetching`, and whatever else there may be before. */
  state: State,
  detail: z.string().nullish().catch(null),
});
export type CloudPackage = z.infer<typeof CloudPackage>;

export const CloudInstance = z.object({
  name: Id,
  appDId: z.string(),
  /** `starting`, `running`, `stopping`, `stopped`, `failed`; of what else a manager may say it is not known whether it runs. */
  state: State,
  /** Not every instance has one, nor one that is complete. */
  endpoint: Endpoint.nullish().catch(null),
  /** Since when it is in this state. */
  since: z.string().nullish().catch(null),
  detail: z.string().nullish().catch(null),
});
export type CloudInstance = z.infer<typeof CloudInstance>;

export const packages = '/cloud/v1/packages';
export const instances = '/cloud/v1/instances';
