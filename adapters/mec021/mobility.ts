import type { Mobility } from '../../activities/ports.ts';
import { appMobilityServices, RegistrationInfo, strictest } from '../../protocols/mec021/registration.ts';
import type { Exchange } from '../http.ts';
import { equals, everyPage } from '../paging.ts';

/** Not every platform has the service: then nothing was registered. */
const NO_SERVICE = [404, 501];

/** What an application registered of its users' mobility at its platform (MEC 021). */
export const mec021Mobility = (platform: Exchange): Mobility => ({
  async level(instance, device, signal) {
    const path = `${appMobilityServices}?${equals('serviceConsumerId/appInstanceId', instance)}`;
    const isOwn = ({ serviceConsumerId }: RegistrationInfo): boolean => serviceConsumerId.appInstanceId === instance;
    return strictest(await everyPage(platform, path, RegistrationInfo, signal, NO_SERVICE, isOwn), device);
  },
});
