import type { Configuration } from '../../configuration/peers.ts';
import type { Caller } from './tokens.ts';

/** The partner, or the system of ours, that a caller is: by client and issuer, never by the token's text. */
export interface Callers {
  readonly partner: (caller: Caller) => string | undefined;
  readonly system: (caller: Caller) => string | undefined;
}

export function callersOf({ federation, systems }: Pick<Configuration, 'federation' | 'systems'>): Callers {
  const partners = new Map<string, string>();
  for (const [name, { accepts }] of Object.entries(federation?.partners ?? {})) partners.set(keyOf(accepts), name);
  const members = new Map<string, string>();
  const issuers = Object.keys(federation?.issuers ?? {});
  for (const [name, { client }] of Object.entries(systems))
    if (client !== undefined) for (const issuer of issuers) members.set(keyOf({ issuer, client }), name);
  return {
    partner: (caller) => partners.get(keyOf(caller)),
    system: (caller) => members.get(keyOf(caller)),
  };
}

/** A name of the configuration has no space. */
const keyOf = ({ issuer, client }: { readonly issuer: string; readonly client: string }): string =>
  `${issuer} ${client}`;
