import type { Mobility } from '../../activities/ports.ts';
import { appMobilityServices, forbids, RegistrationInfo } from '../../protocols/mec021/registration.ts';
import type { Exchange } from '../http.ts';
import { equals, everyPage } from '../paging.ts';

/** Not every platform has the service: then nothing was registered. */
const NO_SERVICE = [404, 501];

/** What an application registered of its users' mobility at its platform (MEC 021). */
export const mec021Mobility = (platform: Exchange): Mobility => ({
  async forbidden(instance, device, signal) {
    const path = `${appMobilityServices}?${equals('serviceConsumerId/appInstanceId', instance)}`;
    const registrations = await everyPage(platform, path, RegistrationInfo, signal, NO_SERVICE);
    return registrations.some(
      (registration) => registration.serviceConsumerId.appInstanceId === instance && forbids(registration, device),
    );
  },
});
