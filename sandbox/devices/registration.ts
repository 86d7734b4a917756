import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { within } from '../within.ts';

/** What the device application knows of itself (MEC 016, appInfo); `userAppInstanceInfo` is the server's to fill. */
export const appInfo = {
  appDId: 'counter.edge.example-1',
  appName: 'counter',
  appProvider: 'Edge Example',
  appSoftVersion: '1.0.0',
  appDVersion: '1.0',
  userAppInstanceInfo: [{}],
} as const;

const AGAIN_MS = 5_000;

interface Registration {
  readonly ue: string;
  readonly callback: string;
  /** What is other than of the counter. */
  readonly application?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}

/**
 * Registers an application context at the LCM proxy (MEC 016, POST app_contexts), so that address changes reach the
 * device. A device without one goes on by DNS alone, so a failure is only tried again, until the signal ends it.
 */
export async function register(proxy: string, { ue, callback, application = {}, signal }: Registration): Promise<void> {
  const info = { ...appInfo, ...application };
  const context = { associateDevAppId: ue, callbackReference: callback, appLocationUpdates: false, appInfo: info };
  while (!signal.aborted) {
    try {
      const answer = await fetch(`${proxy}/dev_app/v1/app_contexts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(context),
        signal: within(signal, AGAIN_MS),
      });
      await answer.body?.cancel();
      if (answer.ok) return;
    } catch {
      // the proxy is not there, or not yet
    }
    await pause(AGAIN_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** MEC 016, 6.4.2. */
export const AddressChangeNotification = z.object({
  notificationType: z.literal('AddressChangeNotification'),
  contextId: z.string(),
  appInstanceId: z.string(),
  referenceURI: z.url(),
});
