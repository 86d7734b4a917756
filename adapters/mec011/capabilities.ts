import { dnsRules, trafficRules } from '../../protocols/mec011/rule.ts';
import { services } from '../../protocols/mec011/service.ts';
import type { Exchange } from '../http.ts';
import { type Capability, type Probe, probed, readable, REFUSALS } from '../survey.ts';

/** No instance of this id exists. */
const NOBODY = 'ferry-survey';

const ruleProbes: readonly Probe[] = [
  async (platform, signal) => await rules(platform, 'DNS rules (MEC 011)', dnsRules(NOBODY), signal),
  async (platform, signal) => await rules(platform, 'traffic rules (MEC 011)', trafficRules(NOBODY), signal),
];
/** What a platform has of MEC 011. A platform without rules answers 501 (AdvantEDGE does); Ferry then steers elsewhere. */
export const mec011Capabilities: readonly Probe[] = [
  ...ruleProbes,
  async (platform, signal) => await readable(platform, 'services (MEC 011)', services, signal),
];

export const ruleCapabilities = async (platform: Exchange, signal: AbortSignal): Promise<readonly Capability[]> =>
  await probed(platform, ruleProbes, signal);

/**
 * Rules belong to an instance: that it does not know one, or does not let us see it (MEC 011 has 403 and 409 for its
 * state), in a problem document, is the answer of a platform that has rules.
 */
async function rules(platform: Exchange, name: string, path: string, signal: AbortSignal): Promise<Capability> {
  const call = { method: 'GET', path, alsoExpect: [...REFUSALS, 409, 422] } as const;
  const { status, body, told } = await platform.ask(call, signal);
  const available =
    status < 300 || [400, 422].includes(status) || ([403, 404, 409].includes(status) && body !== undefined);
  return { name, available, detail: told };
}
