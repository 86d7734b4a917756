import type { Response } from 'express';
import type { Served } from '../../catalogue/serving.ts';

/** What was found out about a request of a partner, on its way in. */
interface Found {
  partner?: string;
  /** Of a token that is good: whose it is, where that is no partner. For our operator's log. */
  client?: string;
  /** Why it was not let in: likewise. */
  why?: string;
  served?: Served;
  /** The agreement whose link was called back. */
  called?: string;
  /** As the operation is written: keys and contexts stand in URLs. */
  route?: string;
}

export const found = ({ locals }: Pick<Response, 'locals'>): Found => locals as Found;

/** Who asks, by its name in the configuration. */
export const partnerOf = (res: Pick<Response, 'locals'>): string => known(found(res).partner);

/** The agreement under which it asks. */
export const servedOf = (res: Pick<Response, 'locals'>): Served => known(found(res).served);

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('nobody has found out who asks');
  return value;
}
