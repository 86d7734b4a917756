import { TLS_PORT } from '../certificates/files.ts';

/** Whom an operator's authorization server knows, and what each of them may ask of that operator's Ferry. */
export interface IssuerPlan {
  readonly operator: string;
  /** Where whoever belongs to the world asks it. */
  readonly url: string;
  /** As it calls itself, and as Ferrys ask it; by HTTPS it hears nobody without a certificate. */
  readonly issuer: string;
  /** Of the tokens: this operator's Ferry. */
  readonly audience: string;
  readonly clients: Readonly<Record<string, readonly string[]>>;
}

/** For the operator's own Ferry, where a peer of that operator asks who calls. */
export const SCOPE_OF_PEERS = 'mec';
/** As faults, the log and its certificate name it. */
export const issuerName = (operator: string): string => `issuer-${operator}`;

const PARTNER = ['fed-mgmt', 'mff', 'mpp'];
const MEO = ['fed_enablement', 'fed_enablement:read', 'mfm'];

const at = (address: string, secured: boolean) => {
  const url = `http://${address}:8080`;
  return { url, issuer: secured ? `https://${address}:${TLS_PORT}` : url };
};

/** Both operators of the world `net`; addresses end with the operator's. `secured`: it has certificates. */
export const issuersOf = (net: number, secured: boolean): readonly IssuerPlan[] => [
  {
    operator: 'a',
    ...at(`127.${net}.0.51`, secured),
    audience: 'urn:ferry:operator-a',
    clients: { ferry: [SCOPE_OF_PEERS], 'operator-b': PARTNER, 'meo-cellular': MEO, 'meo-wifi': MEO },
  },
  {
    operator: 'b',
    ...at(`127.${net}.0.52`, secured),
    audience: 'urn:ferry:operator-b',
    clients: { ferry: [SCOPE_OF_PEERS], 'operator-a': PARTNER, 'meo-metro': MEO },
  },
];
