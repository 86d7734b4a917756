import { pino } from 'pino';
import { anchoringActivities } from '../../activities/anchoring/index.ts';
import { followingActivities } from '../../activities/following/follow.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { placementsOf } from '../../activities/relocation/placements.ts';
import { Configuration } from '../../configuration/peers.ts';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { Location, zones } from '../../sandbox/peers/location.ts';
import { anchorsOver } from '../../worker/anchors.ts';
import { waysOver } from '../../worker/ways.ts';
import { whereaboutsOf } from '../../worker/whereabouts.ts';
import { named, type Served } from './api.ts';
import type { Dying } from './dying.ts';
import { engine, over, temporal } from './served-engine.ts';
import type { PortWorld } from './world.ts';

export const DEVICE = named.users['ue-1']?.address ?? '';

export interface Around {
  readonly api: Served;
  /** The sandbox's location service, at a socket of its own. */
  readonly location: Location;
  readonly service: Peer;
  readonly faults: Faults;
  readonly journal: Journal;
}

/** The API, a worker and a location service, which tells the API over the wire. The device is in cellular. */
export async function followedOver(
  world: PortWorld,
  scenario: (around: Around) => Promise<void>,
  dying?: Dying,
): Promise<void> {
  const [journal, faults] = [new Journal(), new Faults()];
  const location = new Location('http://location.inside:99');
  location.comes(DEVICE, zones.cellular);
  const plan = { name: 'location', address: '127.0.0.1', port: 0, routes: location.routes(), state: () => null };
  const service = await servePeer(plan, { journal, faults });
  const networks = networksTold('location');
  const peers = Configuration.shape.peers.parse({ location: { kind: 'location', url: service.url, insecure: true } });
  let callback = '';
  const known = {
    ...named,
    peers: { ...named.peers, ...peers },
    networks,
    get callback() {
      return callback;
    },
  };
  const whereabouts = whereaboutsOf(known, pino({ level: 'silent' }));
  try {
    await over(
      world,
      async (api) => {
        callback = api.url;
        await scenario({ api, location, service, faults, journal });
      },
      undefined,
      {
        activities: ({ runs, ...means }) => {
          const { pace } = means;
          const ours = { taskQueue: engine.taskQueue, world: named.world };
          const all = { ...means, anchors: anchorsOver(temporal, { networks, pace, ...ours }) };
          const ways = waysOver(temporal, { pace, ...ours });
          const following = followingActivities({
            whereabouts: dying?.beyond('whereabouts', whereabouts) ?? whereabouts,
            placements: async (order, wait) => await placementsOf(all, order, wait),
            runs: dying?.beyond('runs', runs) ?? runs,
            ways: dying?.beyond('ways', ways) ?? ways,
            pace,
          });
          return {
            ...relocationActivities(all),
            ...anchoringActivities(all),
            ...(dying?.activities(following) ?? following),
          };
        },
        served: { networks, peers, callback: 'http://api.inside' },
      },
    );
  } finally {
    await service.close();
  }
}

const networksTold = (service: string): Configuration['networks'] => ({
  cellular: { resolverClampSeconds: 0, location: { service, zones: [zones.cellular] } },
  wifi: { resolverClampSeconds: 0, location: { service, zones: [zones.wifi] } },
});

/** Every word that histories of all runs hold, and their ids. */
export async function everythingRecorded(): Promise<string> {
  const all: string[] = [];
  for await (const { workflowId, runId, memo } of temporal.workflow.list()) {
    const history = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    all.push(workflowId, JSON.stringify(memo), ...textsIn(history));
  }
  return all.join('\n');
}

function textsIn(value: unknown): string[] {
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
