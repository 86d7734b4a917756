import type { FailureType } from '../../domain/failures.ts';

/** Why nothing is to be moved to a site. */
export type Cordon = Extract<FailureType, 'Evacuating' | 'OnHold'>;

/** Null: the site is open. Insists while it cannot be asked. */
export type Cordons = (site: string, signal: AbortSignal) => Promise<Cordon | null>;

export const cordonWords: Readonly<Record<Cordon, string>> = {
  Evacuating: 'it is being emptied',
  OnHold: 'an operator holds it: nothing is moved there',
};
