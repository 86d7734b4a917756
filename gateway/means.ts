import type { Logger } from 'pino';
import type { Credentials } from '../adapters/http.ts';
import type { Catalogue } from '../catalogue/database.ts';
import type { Path } from '../catalogue/paths.ts';
import type { Partner } from '../configuration/federation.ts';
import { mistakeInLink } from '../configuration/links.ts';
import type { Configuration } from '../configuration/peers.ts';
import type { GatewaySettings } from '../configuration/settings.ts';
import { unavailable } from '../doors/refusal.ts';
import { bindingPath } from '../protocols/mpp/path.ts';
import type { Carrier } from './carrier.ts';
import type { Counts } from './counts.ts';
import type { Verdicts } from './verdicts.ts';

/** What both listeners of a gateway need. */
export interface Means {
  readonly configuration: Configuration;
  readonly partners: Readonly<Record<string, Partner>>;
  readonly own: GatewaySettings['gateway'];
  readonly catalogue: Catalogue;
  readonly verdicts: Verdicts;
  readonly counts: Counts;
  readonly carrier: Carrier;
  readonly credentials: (partner: string) => Credentials;
  /** A partner's gateway has refused: whoever tends that partner had better look. */
  readonly poke: (partner: string) => void;
  /** Does a URL lead inside? */
  readonly isInside: (url: URL) => boolean;
  readonly log: Logger;
}

/** A binding as it is called at either end of Mpp-fed, and by applications. */
export const innerBase = ({ own }: Means, { secret }: Path): string => `${own.inner}/s/${secret ?? ''}`;
export const servedBase = ({ own }: Means, { name }: Path): string => `${own.outer}${bindingPath(name)}`;

/** At the partner's gateway. Throws a refusal (503) where it has told of none that may be called. */
export function usedBase({ partners, log }: Means, { partner, gateway, name }: Path): string {
  const known = partners[partner];
  const mistake = gateway === null || known === undefined ? 'is not known' : mistakeInLink(known, gateway);
  if (mistake === undefined) return `${gateway?.replace(/\/+$/, '')}${bindingPath(name)}`;
  log.warn({ partner }, `the partner's gateway ${mistake}`);
  throw unavailable('the gateway of the service is not known', 'Ask again later.');
}
