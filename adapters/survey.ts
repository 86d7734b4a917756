import type { PeerSurvey } from '../activities/ports.ts';
import type { Exchange } from './http.ts';

export type Capability = PeerSurvey['capabilities'][number];

/** One question to a peer. */
export type Probe = (exchange: Exchange, signal: AbortSignal) => Promise<Capability>;

export async function probed(
  exchange: Exchange,
  probes: readonly Probe[],
  signal: AbortSignal,
): Promise<readonly Capability[]> {
  const capabilities: Capability[] = [];
  for (const probe of probes) capabilities.push(await probe(exchange, signal));
  return capabilities;
}

/** The result of probing one peer: `probes` are asked one after the other, and whatever fails says why. */
export async function survey(
  { name, kind }: { name: string; kind: string },
  probes: readonly (() => Promise<Capability>)[],
): Promise<PeerSurvey> {
  const capabilities: Capability[] = [];
  try {
    for (const probe of probes) capabilities.push(await probe());
    return { name, kind, reachable: true, detail: 'answers', capabilities };
  } catch (error) {
    return { name, kind, reachable: false, detail: (error as Error).message, capabilities };
  }
}

/** Reads a list that costs nothing. A refusal tells that there is no such capability; no answer at all is thrown on. */
export async function readable(
  exchange: Exchange,
  name: string,
  path: string,
  signal: AbortSignal,
): Promise<Capability> {
  const { status, told } = await exchange.ask({ method: 'GET', path, alsoExpect: REFUSALS }, signal);
  return { name, available: status < 300, detail: told };
}

export const REFUSALS = [400, 401, 403, 404, 405, 406, 410, 501];
