import { parseArgs } from 'node:util';
import { Faults } from '../faults.ts';
import { guard } from '../guard.ts';
import { issuersOf } from '../issuers/clients.ts';
import { Journal } from '../journal.ts';
import { servePeer } from '../peer.ts';
import { Quirks } from '../quirks/quirks.ts';
import { keepInstancesIn } from '../runner.ts';
import { Topology, topologies } from '../topologies/topologies.ts';
import { users } from '../configuration.ts';
import { Cells } from './cells.ts';
import { cloudPeer } from './cloud.ts';
import { serveControl } from './control.ts';
import { lcmProxyPeer } from './lcm-proxy.ts';
import { locationPeer } from './location.ts';
import { ossPeer } from './oss.ts';
import { repositoryPeer } from './repository.ts';
import { serveSystem } from './system.ts';

/** Every peer of the world `--net N` (sandbox/README.md), in one process. Ends when its parent's pipe closes. */
const { values } = parseArgs({
  options: {
    net: { type: 'string', default: '10' },
    /** Whose systems there are. */
    topology: { type: 'string', default: 'pair' },
    /** The inner listener of A's Ferry, where A's orchestrators register their systems. */
    ferry: { type: 'string', default: 'http://127.0.0.1:8700' },
    /** The folder of the secrets of who is a client of an issuer. */
    secrets: { type: 'string', default: '' },
    /** The folder of the certificates of whoever has one: it asks for one as well. */
    certificates: { type: 'string' },
    /** The folder in which instances keep what they say, their files and their data. */
    instances: { type: 'string' },
    /** Instances that a MEC host takes. */
    capacity: { type: 'string', default: '20' },
    /** How long each phase of a MEO's operations takes at least, in milliseconds. */
    pace: { type: 'string', default: '100' },
    /** A random device changes its cell every so many seconds; 0: only on demand. */
    cellChanges: { type: 'string', default: '0' },
  },
});
const net = Number(values.net);
const [capacity, paceMs] = [Number(values.capacity), Number(values.pace)];
const DEVICES = 9;

if (values.instances !== undefined) keepInstancesIn(values.instances);

let leave: () => Promise<void> = async () => undefined;
process.stdin.resume().once('close', () => void leave().finally(() => process.exit(0)));
try {
  const around = {
    journal: new Journal(),
    faults: new Faults(),
    quirks: new Quirks(),
    guard: guard(issuersOf(net, values.certificates !== undefined)),
    certificates: values.certificates,
  };
  const at = (rest: string): string => `127.${net}.${rest}`;
  const systems = await Promise.all(
    topologies[Topology.parse(values.topology)]
      .systems(net, values.ferry, values.secrets)
      .map(async (place) => await serveSystem({ ...place, capacity, paceMs }, around)),
  );
  leave = async () => void (await Promise.all(systems.map(async (system) => await system.leave())));
  const { peer: locationService, location } = locationPeer(net, Object.values(users(net)));
  const others = [
    ossPeer(net, around.faults, values.ferry),
    lcmProxyPeer(net, values.ferry),
    locationService,
    cloudPeer(net, around.faults),
    repositoryPeer(net),
  ];
  const peers = [
    ...systems.flatMap((system) => system.peers),
    ...(await Promise.all(others.map(async (peer) => await servePeer(peer, around)))),
  ];
  const cells = new Cells(
    net,
    systems.flatMap(({ platforms }) => platforms),
    location,
  );
  if (Number(values.cellChanges) > 0) {
    const change = (): number => cells.change({ user: `ue-${1 + Math.floor(Math.random() * DEVICES)}` });
    setInterval(change, Number(values.cellChanges) * 1_000);
  }
  const { url } = await serveControl(at('0.2'), peers, cells, around);
  process.stdout.write(`peers: ${url}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
