import type { Instance } from './instance.ts';

/** The instances, and what else the provider has given. */
export interface Stage {
  readonly S: Instance;
  readonly T: Instance | null;
  /** The address of this machine under which they meet us. */
  readonly here: string;
  /** Has a client write, at this host; true: it was acknowledged. */
  readonly write: ((host: string, user: string, number: number) => Promise<boolean>) | null;
  /** Starts T again; true: that was done. */
  readonly restart: (() => Promise<boolean>) | null;
  /** So long whatever has to come about may take. */
  readonly patienceMs: number;
}
