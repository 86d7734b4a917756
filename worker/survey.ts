import type { PeerSurvey } from '../activities/ports.ts';
import { cloudCapabilities } from '../adapters/cloud-manager/capabilities.ts';
import { mec010Capabilities } from '../adapters/mec010-2/capabilities.ts';
import { mec011Capabilities } from '../adapters/mec011/capabilities.ts';
import { radioCapabilities } from '../adapters/mec-services/capabilities.ts';
import { mec013Capabilities } from '../adapters/mec013/capabilities.ts';
import { mec016Capabilities } from '../adapters/mec016/capabilities.ts';
import { mec021Capabilities } from '../adapters/mec021/capabilities.ts';
import { type Capability, type Probe, survey } from '../adapters/survey.ts';
import { reachCapability, tmf641Capabilities } from '../adapters/tmf641/capabilities.ts';
import type { Orders } from '../adapters/tmf641/orders.ts';
import { vantageCapabilities } from '../adapters/vantage/capabilities.ts';
import type { Configuration, Peer } from '../configuration/peers.ts';
import { atOnce } from '../domain/at-once.ts';
import type { PeerSeen } from '../domain/peer-seen.ts';
import type { Peers } from './peers.ts';
import type { PeersSeen } from './peers-seen.ts';
import { within } from '../activities/within.ts';

/** An operator waits for it. */
const SURVEY_MS = 10_000;
/** Who was called so lately is not asked by a look. */
const LATELY_MS = 20_000;
/** By one look so many; by it and by a survey so many at once. */
const [MOST_ASKED, AT_ONCE] = [1_000, 100];
const NOT_ASKED = `not asked: those before it took ${SURVEY_MS / 1_000} s`;
/** What is told crosses Temporal, which takes 2 MB: of each a few hundred bytes. */
const MOST_TOLD = 2_000;

/** What is asked of a peer of each kind. */
function probesOf(record: Peer): readonly Probe[] {
  if (record.kind === 'meo') return mec010Capabilities(record.packages);
  return {
    platform: [...mec011Capabilities, ...radioCapabilities, ...mec021Capabilities],
    oss: tmf641Capabilities,
    lcmProxy: mec016Capabilities,
    location: mec013Capabilities,
    cloud: cloudCapabilities,
    vantage: vantageCapabilities,
  }[record.kind];
}

/** Asks every peer what it can do, so many at once; in the order of the configuration. Changes nothing. */
export async function surveyPeers(
  { sites }: Pick<Configuration, 'sites'>,
  peers: Peers,
  ordersFor: (cloud: string) => Orders | undefined,
  cancelled: AbortSignal,
): Promise<readonly PeerSurvey[]> {
  const signal = within(cancelled, SURVEY_MS);

  /** For each site in this cloud: is it in reach of its OSS? */
  const reach = (manager: string): readonly (() => Promise<Capability>)[] =>
    Object.entries(sites).flatMap(([cloud, site]) => {
      const orders = ordersFor(cloud);
      return site.kind === 'cloud' && site.manager === manager && orders !== undefined
        ? [async () => await reachCapability({ orders, name: site.oss, cloud }, signal)]
        : [];
    });

  return await atOnce(AT_ONCE, peers.all, async ([name, record]) => {
    // Those before it were silent for that long
    if (signal.aborted) return { name, kind: record.kind, reachable: false, detail: NOT_ASKED, capabilities: [] };
    const own = probesOf(record).map((probe) => async () => await probe(peers.exchange(name), signal));
    return await survey({ name, kind: record.kind }, [...own, ...reach(name)]);
  });
}

/**
 * How they were seen. Of those of whom nothing was seen lately each is asked one thing; however long one is silent, it
 * ends. Of very many some have their turn in the next look, those first of whom nothing was seen for the longest.
 */
export async function lookAtPeers(peers: Peers, seen: PeersSeen, cancelled: AbortSignal): Promise<readonly PeerSeen[]> {
  const late = AbortSignal.timeout(SURVEY_MS);
  const signal = AbortSignal.any([cancelled, late]);
  const asked = new Map(seen.notWithin(LATELY_MS, peers.all).slice(0, MOST_ASKED));
  await atOnce(AT_ONCE, [...asked], async ([name, record]) => {
    if (signal.aborted) return; // it was not asked, and nothing was seen of it
    const begunMs = performance.now();
    try {
      await probesOf(record)[0]?.(peers.exchange(name), signal);
    } catch (error) {
      cancelled.throwIfAborted();
      // Given longer by its configuration than a look may take; whoever was asked at its end was not waited for
      const seconds = Math.round((performance.now() - begunMs) / 1_000);
      if (error === late.reason && seconds > SURVEY_MS / 2_000)
        seen.note(name, `${name}: did not answer within ${seconds} s`);
    }
  });
  cancelled.throwIfAborted();
  return seen.told(MOST_TOLD, asked);
}
