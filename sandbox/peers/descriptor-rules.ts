import type { Descriptor } from '../packages.ts';

/**
 * The rules of a descriptor as a platform has them. Where they name no address (0.0.0.0) it is the
 * instance's own, which nobody knows before. INACTIVE: they become ACTIVE by PUT alone (ours).
 */

type Rule = Readonly<Record<string, unknown>>;

const NONE = '0.0.0.0';

export const dnsRulesOf = ({ appDNSRule = [] }: Descriptor, address: string): Rule[] =>
  appDNSRule.map((rule) => ({
    ...rule,
    ...(rule['ipAddress'] === NONE && { ipAddress: address }),
    state: 'INACTIVE',
  }));

export const trafficRulesOf = ({ appTrafficRule = [] }: Descriptor, address: string): Rule[] =>
  appTrafficRule.map(({ dstInterface, ...rule }) => ({
    ...rule,
    ...(dstInterface !== undefined && { dstInterface: interfaces(dstInterface, address) }),
    state: 'INACTIVE',
  }));

function interfaces(value: unknown, address: string): unknown {
  if (Array.isArray(value)) return value.map((one) => interfaces(one, address));
  return Object.fromEntries(
    Object.entries(value as Rule).map(([member, told]) => [SPELLING[member] ?? member, told === NONE ? address : told]),
  );
}

/** MEC 010-2 says dstIPAddress, MEC 011 dstIpAddress. */
const SPELLING: Readonly<Record<string, string>> = {
  dstIPAddress: 'dstIpAddress',
  dstMACAddress: 'dstMacAddress',
  srcMACAddress: 'srcMacAddress',
};
