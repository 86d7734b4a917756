import type { Notices } from '../../activities/ports.ts';
import { authorityOf } from '../../domain/endpoint.ts';
import { type AddressChangeNotification, addressChange } from '../../protocols/mec016/notices.ts';
import type { Exchange } from '../http.ts';

/** No such context, or no such notices at all (Mm8 and Mm9 have no published API): nobody hears it, and no move waits for it. */
const NOBODY = [400, 404, 405, 409, 410, 422, 501];

/**
 * Tells the LCM proxy, which passes it on to the callbacks of the contexts concerned (MEC 016, 6.4.2; GR MEC 035,
 * [5.3.2-7], [5.4.2-5]). MEC 016 has no GET of contexts, so they are named by what we know: one user's by its
 * associateDevAppId, all of an instance by the instance that they were told of before.
 */
export const mec016Notices = (proxy: Exchange): Notices => ({
  addressChanged: async ({ from, to, endpoint, user }, signal) => {
    const notice: AddressChangeNotification = {
      notificationType: 'AddressChangeNotification',
      contextId: user === '*' ? from : user,
      appInstanceId: to,
      referenceURI: `http://${authorityOf(endpoint)}/`,
    };
    const call = { method: 'POST', path: addressChange, json: notice, alsoExpect: NOBODY } as const;
    return (await proxy.ask(call, signal)).status < 300;
  },
});
