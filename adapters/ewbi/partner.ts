import { failure } from '../../activities/failure.ts';
import type { Invitation, Joined, Partner, Relation, Zone, ZonesTold } from '../../activities/federation/ports.ts';
import {
  base,
  ContextAnswer,
  FederationResponse,
  type OfferedZone,
  PartnerAnswer,
  placeOf,
} from '../../protocols/ewbi/client.ts';
import { type Answer, type Call, type Exchange, GONE } from '../http.ts';
import { isGone } from '../mff/gone.ts';
import { isSuspended } from '../mff/suspended.ts';
import { type DialectName, dialects } from './dialects.ts';

/** Who we are, as a partner is told. */
export interface Us {
  readonly id: string;
  readonly country: string;
  readonly mcc: string;
  readonly mncs: readonly string[];
  /** The outer listener. */
  readonly url: string;
}

export interface EwbiMeans {
  readonly us: Us;
  readonly operator: string;
  readonly dialect: DialectName;
  /** How the partner gets its tokens for our callbacks, where it is told here. */
  readonly callbackCredentials: () => Promise<object | undefined>;
}

/** An answer is one, whatever it says: only who does not answer at all fails a call that expects these. */
const WHATEVER = Array.from({ length: 200 }, (_, n) => 400 + n);
/** It was given back before, it is no more, or the partner has no way to take it back. */
const NOT_HAD: readonly number[] = [...GONE, 405, 409, 501];

/** Joining, by E/WBI. Contexts and keys stand in paths: calls are told by their labels. */
export function ewbiPartner(
  exchange: Exchange,
  { us, operator, dialect: name, callbackCredentials }: EwbiMeans,
): Pick<Partner, 'join' | 'relation' | 'zones' | 'acceptZones' | 'leaveZones' | 'leave'> {
  const dialect = dialects[name];
  /** By the statuses of its program; one that speaks our extension says it as it says everything else. */
  const gone = (answer: Answer<unknown>): boolean =>
    name === 'ferry' ? isGone(answer) : (dialect.gone as readonly number[]).includes(answer.status);

  const invitation = async ({ since, callbackKey }: Invitation): Promise<object> => ({
    origOPFederationId: us.id,
    origOPCountryCode: us.country,
    origOPMobileNetworkCodes: { mcc: us.mcc, mncs: us.mncs },
    origOPFixedNetworkCodes: [],
    initialDate: since.toISOString(),
    partnerStatusLink: linkOf(us, callbackKey, 'partnerStatusLink'),
    ...(await callbackCredentials()),
  });

  /** The partner has an agreement with us already, and does not give it again. */
  const existing = async ({ told }: Answer<unknown>, signal: AbortSignal): Promise<Joined> => {
    if (dialect.again !== 'lookUp')
      throw failure(
        'NotFederated',
        `${told}; it has a federation with us whose context it does not tell: have its operator end that one`,
      );
    const call = { method: 'GET', path: `${base}/fed-context-id`, schema: ContextAnswer } as const;
    const { FederationContextId: context } = (await exchange.ask(call, signal)).body;
    const { body } = await exchange.ask(under(context, '/partner', { method: 'GET', schema: PartnerAnswer }), signal);
    return { context, zones: zonesOf(body?.offeredAvailabilityZones), capabilities: {} };
  };

  const offered = async (context: string, signal: AbortSignal): Promise<ZonesTold | 'gone'> => {
    const call = under(context, '/partner', { method: 'GET', schema: PartnerAnswer, alsoExpect: dialect.gone });
    const answer = await exchange.ask(call, signal);
    if (gone(answer)) return 'gone';
    const zones = answer.body?.offeredAvailabilityZones;
    return zones == null ? 'untold' : zonesOf(zones);
  };

  const accept: Partner['acceptZones'] = async (context, zones, callbackKey, signal) => {
    const answer: Answer<unknown> = await exchange.ask(
      under(context, '/zones', {
        method: 'POST',
        json: {
          acceptedAvailabilityZones: zones,
          availZoneNotifLink: linkOf(us, callbackKey, 'availZoneNotifLink'),
        },
        // 409: accepted before
        alsoExpect: [403, 409, ...dialect.gone],
      }),
      signal,
    );
    if (answer.status === 403) throw refusedBy(answer);
    if (answer.status === 409 && zones.length > 1) {
      // One of them was accepted before, and nobody says which: each is asked for
      for (const zone of zones) if ((await accept(context, [zone], callbackKey, signal)) === 'gone') return 'gone';
      return 'accepted';
    }
    return gone(answer) ? 'gone' : 'accepted';
  };

  return {
    async join(invited, signal) {
      const answer = await exchange.ask(
        {
          method: 'POST',
          path: `${base}/partner`,
          json: await invitation(invited),
          schema: FederationResponse,
          alsoExpect: [403, 409],
        },
        signal,
      );
      if (answer.status === 409) return await existing(answer, signal);
      if (answer.status === 403) throw failure('NotFederated', answer.told);
      const { federationContextId, partnerOPFederationId, platformCaps, offeredAvailabilityZones } = answer.body;
      if (partnerOPFederationId != null && partnerOPFederationId !== operator) throw anotherOne(exchange, operator);
      return {
        context: federationContextId,
        zones: zonesOf(offeredAvailabilityZones),
        capabilities: { platformCaps: platformCaps ?? [] },
      };
    },

    async relation(context, signal): Promise<Relation | 'gone'> {
      const begun = performance.now();
      const zones = await offered(context, signal);
      if (zones === 'gone') return 'gone';
      const linkMs = performance.now() - begun;
      return { theirs: null, linkMs, systemsTag: null, zonesTag: null, zones, capabilities: {} };
    },

    zones: offered,

    acceptZones: accept,

    async leaveZones(context, zones, signal) {
      if (!dialect.leavesZones) return { zones, problem: null };
      const left: string[] = [];
      let problem: string | null = null;
      for (const zone of zones) {
        const below = `/zones/${encodeURIComponent(zone)}`;
        const call = under(context, below, { method: 'DELETE', alsoExpect: WHATEVER });
        const answer = await exchange.ask(call, signal);
        if (answer.status < 300 || NOT_HAD.includes(answer.status) || gone(answer)) left.push(zone);
        else problem ??= answer.told;
      }
      return { zones: left, problem };
    },

    async leave(context, signal) {
      gone(await exchange.ask(under(context, '/partner', { method: 'DELETE', alsoExpect: dialect.gone }), signal));
    },
  };
}

const under = <T>(context: string, below: string, call: Omit<Call<T>, 'path' | 'label'>): Call<T> => ({
  ...call,
  path: `${base}/${encodeURIComponent(context)}${below}`,
  label: `${base}/{federationContextId}${below}`,
});

const linkOf = ({ url }: Us, key: string, name: string): string => `${url}/callbacks/v1/${key}/${name}`;

const zonesOf = (offered: readonly OfferedZone[] | null | undefined): readonly Zone[] =>
  (offered ?? []).map(({ zoneId, geolocation, geographyDetails }) => ({
    zone: zoneId,
    at: placeOf(geolocation),
    details: geographyDetails ?? '',
  }));

const anotherOne = ({ name }: Exchange, operator: string): Error =>
  failure('PeerMalformed', `${name} is another operator than ${operator}, which the configuration says that it is`);

export const refusedBy = ({ body, told }: Answer<unknown>): Error =>
  failure(isSuspended(body) ? 'FederationSuspended' : 'PeerRejected', told);
