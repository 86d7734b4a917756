/** Whom an operator's authorization server knows, and what each of them may ask of that operator's Ferry. */
export interface IssuerPlan {
  /** Of the operator: its issuer is `issuer-<id>`. */
  readonly operator: string;
  readonly url: string;
  /** Of the tokens: this operator's Ferry. */
  readonly audience: string;
  readonly clients: Readonly<Record<string, readonly string[]>>;
}

const PARTNER = ['fed-mgmt', 'mff', 'mpp'];
const MEO = ['fed_enablement', 'fed_enablement:read', 'mfm'];

/** Both operators of the world `net`; addresses end with the operator's. */
export const issuersOf = (net: number): readonly IssuerPlan[] => [
  {
    operator: 'a',
    url: `http://127.${net}.0.51:8080`,
    audience: 'urn:ferry:operator-a',
    clients: { 'operator-b': PARTNER, 'meo-cellular': MEO, 'meo-wifi': MEO },
  },
  {
    operator: 'b',
    url: `http://127.${net}.0.52:8080`,
    audience: 'urn:ferry:operator-b',
    clients: { 'operator-a': PARTNER, 'meo-metro': MEO },
  },
];
