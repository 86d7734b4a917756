import type { Logger } from 'pino';
import { failure } from '../activities/failure.ts';
import { type ConsumingActivities, consumingActivities } from '../activities/federation/consuming.ts';
import type { Consumable, ConsumingMeans } from '../activities/federation/consumption.ts';
import type { FindingMeans } from '../activities/federation/finding.ts';
import {
  type FederationActivities,
  federationActivities,
  type FindingActivities,
} from '../activities/federation/index.ts';
import type { Partner } from '../activities/federation/ports.ts';
import type { Finder } from '../activities/federation/questions.ts';
import type { FederationMeans } from '../activities/federation/step.ts';
import { ewbiPartner } from '../adapters/ewbi/partner.ts';
import { statusCallback } from '../adapters/ewbi/status.ts';
import { Exchange } from '../adapters/http.ts';
import { mffPartner } from '../adapters/mff/partner.ts';
import { AuthorizationServer } from '../adapters/oauth/authorization-server.ts';
import { secretAt } from '../adapters/oauth/secret.ts';
import { Tokens } from '../adapters/oauth/tokens.ts';
import type { Catalogue } from '../catalogue/database.ts';
import { factsOf } from '../catalogue/facts.ts';
import type { Federation } from '../configuration/federation.ts';
import { findingOver } from './finding.ts';

/** For what we ask of a partner, and for its answers' sake no more. */
const SCOPES = { ferry: ['fed-mgmt', 'mff'], katalis: ['fed-mgmt'], openop: ['fed-mgmt'] } as const;

/** The one place where the configuration's partners meet the adapters that realise them. */
export function federationOf(
  federation: Federation,
  catalogue: Catalogue,
  insistMs: number,
  log: Logger,
  {
    systemsChanged = () => undefined,
    wake = async () => undefined,
    orchestrators = nobody,
    consuming: consumingWith,
  }: Around = {},
): FederationActivities & FindingActivities & Partial<ConsumingActivities> {
  const partners = new Map(Object.keys(federation.partners).map((name) => [name, partnerOf(name, federation, log)]));
  const partner = (name: string): Partner | undefined => partners.get(name);
  const consuming = consumingWith?.(partner);
  return {
    ...federationActivities({
      consuming,
      facts: factsOf(catalogue, federation),
      partner,
      systemsChanged,
      pace: { aliveMs: federation.pace.aliveSeconds * 1_000, insistMs },
    }),
    ...findingOver(federation, catalogue, { partner, wake, orchestrators }),
    ...(consuming !== undefined && consumingActivities(consuming)),
  };
}

/** Whom else a federation concerns: who tells our orchestrators, who looks at partners, and the orchestrators themselves. */
type Around = Partial<
  Pick<FederationMeans, 'systemsChanged'> &
    Pick<FindingMeans, 'wake' | 'orchestrators'> & {
      readonly consuming: (partner: ConsumingMeans['partner']) => ConsumingMeans;
    }
>;

const nobody: FindingMeans['orchestrators'] = { refresh: async () => undefined };

/** With what it is asked by: its certificates, and those of its authorization server. */
export function partnerOf(
  name: string,
  { partners, operator, url: ownUrl, issuers }: Federation,
  log: Logger,
): Partner {
  const record = partners[name];
  if (record === undefined) throw new TypeError(`no partner is called ${name}`);
  const { url, timeoutMs, tls, dialect, client, accepts } = record;
  const insecure = record.insecure === true;
  const hosts = record.hosts ?? [new URL(url).host];
  const tokens = new Tokens({ name, ...client, scopes: SCOPES[dialect], insecure, timeoutMs, hosts }, log);
  const exchange = new Exchange({ name, url, timeoutMs, tls }, log, tokens);

  /** Where a dialect insists on it: how it gets a token for our callbacks at our authorization server. */
  const callbackCredentials = async (): Promise<object | undefined> => {
    const own = issuers[accepts.issuer];
    if (accepts.tell === undefined || own === undefined) return undefined;
    const { issuer, tls: tlsOfOurs } = own;
    const tlsMember = `issuers.${accepts.issuer}.tls`;
    const ours = new AuthorizationServer(
      { name: operator.id, issuer, insecure: issuer.startsWith('http:'), timeoutMs, tls: tlsOfOurs, tlsMember },
      log,
    );
    return {
      partnerCallbackCredentials: {
        tokenUrl: await ours.tokenUrl(),
        clientId: accepts.client,
        clientSecret: await secretAt(accepts.tell, name),
      },
    };
  };

  const ewbi = ewbiPartner(exchange, {
    us: { ...operator, url: ownUrl },
    operator: record.operator,
    dialect,
    callbackCredentials,
  });
  return {
    name,
    extended: dialect === 'ferry',
    authenticate: async (signal) => void (await tokens.authorization(signal)),
    systems: async () => 'unchanged',
    ...speaksEwbiOnly,
    ...ewbi,
    ...(dialect === 'ferry' && mffPartner(exchange, { operator: record.operator })),
    ...statusCallback({ name, hosts, insecure, timeoutMs, tls, credentials: tokens }, log),
  };
}

/** It is not asked: what it has is known by its zones alone. */
const speaksEwbiOnly = {
  findSystems: async () => ({ systems: [], complete: true, validSeconds: 0 }),
  findPlatforms: async () => ({ platforms: [], complete: true, validSeconds: 0 }),
  announce: notSpoken,
  binding: notSpoken,
  bindings: async () => [],
  withdraw: async () => null,
} satisfies Finder & Consumable;

async function notSpoken(): Promise<never> {
  throw failure('NotSpoken', 'the partner speaks E/WBI only: nothing of it is consumed');
}
