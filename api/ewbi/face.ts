import { isIPv4, isIPv6 } from 'node:net';
import { changeNetworks, leave, type Networks, networksOf, serve, served } from '../../catalogue/serving.ts';
import { acceptZones, giveBackZone, isAccepted, zonesOf } from '../../catalogue/shared.ts';
import { isUuid } from '../../catalogue/aliases.ts';
import type { Partner } from '../../configuration/federation.ts';
import { zonesShownTo } from '../../domain/policy.ts';
import { base } from '../../protocols/ewbi/client.ts';
import {
  CODES,
  type FederationAnswer,
  type FederationChange,
  type FederationState,
} from '../../protocols/ewbi/partner.ts';
import { geolocationOf, registered } from '../../protocols/ewbi/zones.ts';
import { jsonBody } from '../body.ts';
import { HttpRefusal } from '../problem.ts';
import type { Face } from '../serve.ts';
import { partnerOf, servedOf } from '../partners/asking.ts';
import { admission, type DoorMeans } from '../partners/door.ts';
import { leading } from '../partners/links.ts';
import { absent, ewbiForm } from '../partners/refusals.ts';
import { ewbiTable, type EwbiTable } from './table.ts';

export interface EwbiMeans extends DoorMeans {
  /** There is news of a partner: its tending should look. */
  readonly poke: (partner: string) => void;
}

/** Mff-fed, as E/WBI has it: partners ask for an agreement, and take of the zones that they are offered. */
export function ewbi(means: EwbiMeans): Face<EwbiTable> {
  const { catalogue, federation, configuration, poke } = means;
  const endPoint = endPointOf(federation.url);
  const partnerNamed = (name: string): Partner => federation.partners[name] as Partner;

  const offered = async (id: string, partner: string) =>
    await zonesOf(catalogue, id, zonesShownTo(federation.shares, partner, configuration.sites));

  const zoneDetails = async (id: string, partner: string): Promise<FederationState['offeredAvailabilityZones']> =>
    (await offered(id, partner)).map(({ alias, lat, lon, details }) => ({
      zoneId: alias,
      geolocation: geolocationOf({ lat, lon }),
      geographyDetails: details,
    }));

  const stateOf = async (id: string, partner: string, networks: Networks): Promise<FederationState> => ({
    edgeDiscoveryServiceEndPoint: endPoint,
    lcmServiceEndPoint: endPoint,
    ...(networks.mobile !== undefined && { allowedMobileNetworkIds: copied(networks.mobile) }),
    ...(networks.fixed !== undefined && { allowedFixedNetworkIds: [...networks.fixed] }),
    offeredAvailabilityZones: await zoneDetails(id, partner),
  });

  /** Throws the one refusal unless each is offered now. */
  const offeredNow = async (id: string, partner: string, zones: readonly string[]): Promise<void> => {
    const there = new Set((await offered(id, partner)).map(({ alias }) => alias));
    if (!zones.every((zone) => there.has(zone))) throw absent();
  };

  return {
    table: ewbiTable,
    form: ewbiForm,
    admit: admission(means),
    reads: jsonBody,
    handlers: {
      requestFederation: async ({ body, res }) => {
        const partner = partnerOf(res);
        const known = partnerNamed(partner);
        if (body.origOPFederationId !== known.operator)
          throw new HttpRefusal(403, 'origOPFederationId is not the operator that we know you as', 'Ask our operator.');
        const callbackUrl = leading(known, 'partnerStatusLink', body.partnerStatusLink);
        const { origOPMobileNetworkCodes: mobile, origOPFixedNetworkCodes: fixed } = body;
        const networks = { ...(mobile != null && { mobile }), ...(fixed != null && { fixed }) };
        await serve(catalogue, { partner, operator: known.operator, callbackUrl, networks });
        const agreement = await served(catalogue, { partner });
        if (agreement === undefined) throw absent(); // it was ended meanwhile
        poke(partner);
        const { operator, url } = federation;
        const answer: FederationAnswer = {
          partnerOPFederationId: operator.id,
          partnerOPCountryCode: operator.country,
          partnerOPMobileNetworkCodes: { mcc: operator.mcc, mncs: operator.mncs },
          federationContextId: agreement.context,
          platformCaps: [],
          edgeDiscoveryServiceEndPoint: endPoint,
          lcmServiceEndPoint: endPoint,
          offeredAvailabilityZones: await zoneDetails(agreement.id, partner),
        };
        res.location(`${url}${base}/${agreement.context}/partner`).json(answer);
      },
      showFederation: async ({ res }) => {
        const { id, partner } = servedOf(res);
        res.json(await stateOf(id, partner, await networksOf(catalogue, id)));
      },
      changeFederation: async ({ body, res }) => {
        const { id, partner } = servedOf(res);
        const networks = await changeNetworks(
          catalogue,
          id,
          (before) => unlessTooMany(changed(before, body)),
          new Date(body.modificationDate),
        );
        if (networks === undefined) throw tooManyCodes();
        res.json(await stateOf(id, partner, networks));
      },
      leaveFederation: async ({ res }) => {
        const agreement = servedOf(res);
        const { partner } = agreement;
        await leave(catalogue, agreement, partnerNamed(partner).operator);
        poke(partner);
        res.end();
      },
      acceptZones: async ({ body, res }) => {
        const { id, partner } = servedOf(res);
        const link = leading(partnerNamed(partner), 'availZoneNotifLink', body.availZoneNotifLink);
        const zones = [...new Set(body.acceptedAvailabilityZones)];
        await offeredNow(id, partner, zones);
        await acceptZones(catalogue, { agreement: id, aliases: zones, link });
        res.json({ acceptedZoneResourceInfo: zones.map(registered) });
      },
      showZone: async ({ params, res }) => {
        const { id, partner } = servedOf(res);
        await offeredNow(id, partner, [params.zoneId]);
        if (!(await isAccepted(catalogue, id, params.zoneId))) throw absent();
        res.json(registered(params.zoneId));
      },
      leaveZone: async ({ params, res }) => {
        const given = isUuid(params.zoneId) && (await giveBackZone(catalogue, servedOf(res).id, params.zoneId));
        if (!given) throw absent();
        res.end();
      },
      findContext: async ({ res }) => {
        const agreement = await served(catalogue, { partner: partnerOf(res) });
        if (agreement === undefined) throw absent();
        res.json({ FederationContextId: agreement.context });
      },
    },
  };
}

const copied = ({ mcc, mncs }: NonNullable<Networks['mobile']>) => ({ mcc, mncs: [...mncs] });

function changed({ mobile, fixed }: Networks, change: FederationChange): Networks {
  const { objectType, addMobileNetworkIds: add, removeMobileNetworkIds: remove } = change;
  if (objectType === 'MOBILE_NETWORK_CODES') {
    const mcc = add?.mcc ?? mobile?.mcc ?? remove?.mcc;
    const before = mobile?.mcc === mcc ? (mobile?.mncs ?? []) : [];
    return {
      ...(mcc !== undefined && { mobile: { mcc, mncs: merged(before, remove?.mncs, add?.mncs) } }),
      ...(fixed && { fixed }),
    };
  }
  const codes = merged(fixed ?? [], change.removeFixedNetworkIds, change.addFixedNetworkIds);
  return { ...(mobile && { mobile }), fixed: codes };
}

/** As many codes of a kind a partner has, however often it adds some. */
const unlessTooMany = (networks: Networks): Networks | undefined =>
  Math.max(networks.mobile?.mncs.length ?? 0, networks.fixed?.length ?? 0) > CODES ? undefined : networks;

const tooManyCodes = (): HttpRefusal =>
  new HttpRefusal(
    400,
    `there would be more than ${CODES} network codes of that kind`,
    'Remove those that are not used.',
  );

const merged = (
  before: readonly string[],
  without: readonly string[] | null | undefined,
  added: readonly string[] | null | undefined,
): string[] => [...new Set([...before.filter((code) => !without?.includes(code)), ...(added ?? [])])];

/** Of the outer listener, as partners reach it. */
function endPointOf(url: string): FederationState['lcmServiceEndPoint'] {
  const { hostname, port, protocol } = new URL(url);
  const bare = hostname.replaceAll(/[[\]]/g, '');
  return {
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    ...(isIPv4(bare) ? { ipv4Addresses: [bare] } : isIPv6(bare) ? { ipv6Addresses: [bare] } : { fqdn: bare }),
  };
}
