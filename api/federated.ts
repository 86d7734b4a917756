import type { Catalogue } from '../catalogue/database.ts';
import type { Consumptions } from './consuming.ts';
import type { Access } from './mec040/asking.ts';
import { mec040 } from './mec040/face.ts';
import { mfm, mfmDescription } from './mfm/face.ts';
import { federatedNorthbound } from './northbound/federated.ts';

/** What there is only with a federation. */
export interface Federating {
  readonly catalogue: Catalogue;
  readonly access: Access;
  readonly consumptions?: Consumptions;
  /** Members have changed: subscribers are to be told. Never waits. */
  readonly changed: () => void;
  readonly faces: Faces;
}

/** What of the inner listener is loaded only then. */
export const faces = { mec040, mfm, mfmDescription, federatedNorthbound };
export type Faces = typeof faces;
