import { Federation, Partner } from '../../configuration/federation.ts';

/** A federation as configured; nobody of it exists. */
export const federationOfTest = (more: object = {}): Federation =>
  Federation.parse({
    operator: { id: 'operator-a', name: 'Operator A', country: 'DE', mcc: '262', mncs: ['01'] },
    url: 'https://fm.a.example',
    issuers: { own: { issuer: 'https://auth.a.example', audience: 'ferry' } },
    ...more,
  });

export const partnerOfTest = (name: string, more: object = {}): Partner =>
  Partner.parse({
    operator: `operator-${name}`,
    url: `https://fm.${name}.example`,
    client: { issuer: `https://auth.${name}.example`, id: 'operator-a', secret: { env: 'SECRET' } },
    accepts: { issuer: 'own', client: `client-${name}` },
    ...more,
  });
