import type { Logger } from 'pino';
import { failure } from '../activities/failure.ts';
import type { Listener, Whereabouts } from '../activities/following/whereabouts.ts';
import { type LocationService, mec013Location } from '../adapters/mec013/location.ts';
import type { Configuration } from '../configuration/peers.ts';
import { isLocated, networkIn, networksOf, sightingsPath } from '../configuration/whereabouts.ts';
import { everyAtOnce } from '../domain/at-once.ts';
import { Peers } from './peers.ts';

const AT_ONCE = 4;

type Known = Pick<Configuration, 'peers' | 'networks' | 'systems' | 'sites' | 'users' | 'callback'>;

/** The location services of the configuration, each asked for the networks that it knows. */
export function whereaboutsOf(configuration: Known, log: Logger): Whereabouts {
  const peers = new Peers(configuration, log);
  const services = new Map<string, LocationService>();
  const serviceAt = (name: string): LocationService => {
    const service = services.get(name) ?? mec013Location(peers.exchange(name));
    services.set(name, service);
    return service;
  };
  const known = (user: string, among: readonly string[]) => {
    const device = configuration.users[user]?.address;
    if (device === undefined)
      throw failure('UnknownName', 'no device is known for that user: add him to the users of the configuration');
    const networks = networksOf(configuration, among).filter(isLocated);
    return {
      device,
      names: [...new Set(networks.map(({ location }) => location.service))],
      networks: networks.map(({ name }) => name),
    };
  };
  const callbackOf = ({ follower }: Listener, service: string): string => {
    if (configuration.callback === undefined)
      throw failure('NotLocated', 'the configuration has no `callback`, at which a location service reaches the API');
    return `${configuration.callback}${sightingsPath(follower, service)}`;
  };

  return {
    networkOf: async (user, among, signal) => {
      const { device, names, networks } = known(user, among);
      const { answers, failed } = await each(names, signal, async (name) => {
        const zones = await serviceAt(name).zonesOf(device, signal);
        return zones.map((zone) => networkIn(configuration, name, zone));
      });
      const seen = answers.flat();
      // Zones overlap: in whatever order they are told, whoever is in two networks is in the same one at each look
      const first = networks.find((network) => seen.includes(network));
      if (first === undefined && failed !== undefined) throw failed;
      return first ?? null;
    },
    listen: async (listener, seconds, signal) => {
      const { device, names } = known(listener.user, listener.among);
      const until = Date.now() + seconds * 1_000;
      const { failed } = await each(names, signal, async (name) => {
        const listening = { device, callback: callbackOf(listener, name), correlator: listener.follower, until };
        await serviceAt(name).listen(listening, signal);
      });
      if (failed !== undefined) throw failed;
    },
    hush: async (listener, signal) => {
      const { device, names } = known(listener.user, listener.among);
      const { failed } = await each(names, signal, async (name) => {
        await serviceAt(name).hush({ device, callback: callbackOf(listener, name) }, signal);
      });
      if (failed !== undefined) throw failed;
    },
  };
}

/** Whoever is away says nothing of the others: all are asked. `failed`: the first of those who did not answer. */
async function each<T>(
  names: readonly string[],
  signal: AbortSignal,
  ask: (name: string) => Promise<T>,
): Promise<{ readonly answers: readonly T[]; readonly failed: Error | undefined }> {
  const said = await everyAtOnce(AT_ONCE, names, ask);
  signal.throwIfAborted();
  return {
    answers: said.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    failed: said.find((one) => one.status === 'rejected')?.reason as Error | undefined,
  };
}
