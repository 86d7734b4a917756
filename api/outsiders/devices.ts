import type { Configuration } from '../../configuration/peers.ts';
import { Refusal } from '../../domain/failures.ts';
import { type AppContext, isThere, locationOf } from '../../protocols/mec016/contexts.ts';
import { HttpRefusal } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import type { DevicesTable } from './devices-table.ts';
import type { Moving, Subject } from './moving.ts';

/** Of a device application nothing but its own user is moved: the proxy knows that it is the one it says. */
export function devicesHandlers(
  configuration: Pick<Configuration, 'applications'>,
  moving: Moving,
): Handlers<DevicesTable> {
  const subjectOf = ({
    associateDevAppId: users,
    appInfo,
  }: Pick<AppContext, 'associateDevAppId'> & { appInfo: Asked }): Subject => ({
    application: applicationOf(appInfo, configuration),
    users,
  });
  return {
    whereAvailable: async ({ body, res }) => {
      const found = await moving.found(subjectOf(body));
      const possible = found.filter(({ placement }) => placement.possible || placement.present);
      const availableLocations = possible.map(({ place }) => ({ appLocation: locationOf(place) }));
      res.json({ ...body, appInfo: { ...body.appInfo, availableLocations } });
    },
    changeContext: async ({ params: { contextId }, body, res }) => {
      if (body.contextId != null && body.contextId !== contextId)
        throw new HttpRefusal(400, 'the context is another one than that of the path', 'Send the whole context.');
      const subject = subjectOf(body);
      const location = body.appInfo.userAppInstanceInfo.find(({ appLocation }) => appLocation != null)?.appLocation;
      if (location != null) {
        const sites = moving.places.filter((place) => isThere(place, location)).flatMap((place) => place.sites);
        if (sites.length === 0) throw new HttpRefusal(403, 'there is no place for it there', 'Ask which there are.');
        await moving.move(subject, sites);
      }
      res.status(204).end();
    },
  };
}

type Asked = Pick<AppContext['appInfo'], 'appName' | 'appProvider' | 'appDVersion' | 'appSoftVersion' | 'appDId'>;

/** By what a descriptor says of itself; its name is the one in the configuration. */
function applicationOf(asked: Partial<Asked>, { applications }: Pick<Configuration, 'applications'>): string {
  const { appName = '', appProvider, appDVersion, appSoftVersion, appDId } = asked;
  const known = Object.hasOwn(applications, appName) ? applications[appName] : undefined;
  const same =
    known !== undefined &&
    known.provider === appProvider &&
    known.descriptorVersion === appDVersion &&
    (appSoftVersion ?? known.softVersion) === known.softVersion &&
    (appDId ?? known.appDId) === known.appDId;
  if (!same) throw new Refusal('UnknownName', 'there is no such application');
  return appName;
}
