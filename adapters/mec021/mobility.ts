import type { Logger } from 'pino';
import { mayPass } from '../../activities/failure.ts';
import type { MobileDevice, Mobility } from '../../activities/ports.ts';
import {
  addressIn,
  appMobilityServices,
  RegistrationInfo,
  stricter,
  strictest,
} from '../../protocols/mec021/registration.ts';
import { Exchange, GONE } from '../http.ts';
import { Acquaintances } from '../mec-services/memory.ts';
import { equals, everyPage } from '../paging.ts';
import { listenersOf, notificationsFor } from './procedure.ts';

/** Not every platform has the service: then nothing was registered. */
const NO_SERVICE = [...GONE, 405, 501];
const CALLBACK_MS = 4_000;
/** Instances come and go while a worker lives. */
const REMEMBERED = 64;

/** What an application registered of its users' mobility at its platform, and what it is told of it (MEC 021). */
export const mec021Mobility = (platform: Exchange, log: Logger): Mobility => {
  const exchanges = new Map<string, Exchange>();
  const known = new Acquaintances();

  async function registrations(instance: string, signal: AbortSignal): Promise<readonly RegistrationInfo[]> {
    const path = `${appMobilityServices}?${equals('serviceConsumerId/appInstanceId', instance)}`;
    const isOwn = ({ serviceConsumerId }: RegistrationInfo): boolean => serviceConsumerId.appInstanceId === instance;
    return await everyPage(platform, path, RegistrationInfo, signal, NO_SERVICE, isOwn);
  }

  function applicationAt(origin: string): Exchange {
    const name = `the application, told by ${platform.name}`;
    const exchange = exchanges.get(origin) ?? new Exchange({ name, url: origin, timeoutMs: CALLBACK_MS }, log);
    exchanges.delete(origin);
    exchanges.set(origin, exchange); // the last used is the last
    for (const oldest of [...exchanges.keys()].slice(0, -REMEMBERED)) exchanges.delete(oldest);
    return exchange;
  }

  return {
    level: async (instance, device, signal) => strictest(await registrations(instance, signal), device),

    async registered(instance, signal) {
      const found = await registrations(instance, signal);
      return found.length === 0 ? null : devicesIn(found);
    },

    hears: async (owner, signal) => [
      ...new Set((await listenersOf(platform, owner, known, signal)).flatMap(({ hears }) => hears)),
    ],

    async tell(owner, told, signal) {
      const failed: unknown[] = [];
      let took = 0;
      for (const listener of await listenersOf(platform, owner, known, signal)) {
        if (!listener.hears.includes(told.status)) continue;
        const { origin, pathname, search } = new URL(listener.callback);
        const notifications = [...notificationsFor(listener, told)];
        for (const json of notifications) {
          const call = { method: 'POST', path: `${pathname}${search}`, json } as const;
          const error = await applicationAt(origin)
            .ask(call, signal)
            .then(
              () => undefined,
              (refused: unknown) => refused,
            );
          if (error === undefined) continue;
          failed.push(error); // the others are told all the same, unless nobody is there
          if (mayPass(error)) break;
        }
        if (notifications.length > 0) took += 1;
      }
      signal.throwIfAborted();
      if (failed.length > 0) throw failed[0];
      return took;
    },
  };
};

/** One that is registered twice is free, and transferred, when neither says that it is not. */
function devicesIn(registrations: readonly RegistrationInfo[]): readonly MobileDevice[] {
  const devices = new Map<string, MobileDevice>();
  for (const { deviceInformation } of registrations)
    for (const { associateId, appMobilityServiceLevel, contextTransferState } of deviceInformation) {
      if (associateId == null) continue;
      const address = addressIn(associateId);
      const { level, transferred } = devices.get(address) ?? { level: 'free', transferred: true };
      devices.set(address, {
        address,
        associate: associateId,
        level: stricter(level, appMobilityServiceLevel ?? 'free'),
        transferred: transferred && contextTransferState,
      });
    }
  return [...devices.values()];
}
