import type { Logger } from 'pino';
import { tellingActivities } from '../activities/federation/tell-subscribers.ts';
import { callbacks } from '../adapters/mec040/callbacks.ts';
import type { Catalogue } from '../catalogue/database.ts';
import { due, dueInMs, forget, notTold, told } from '../catalogue/notices.ts';
import { callbackMistake, meoOf } from '../configuration/callbacks.ts';
import type { Configuration } from '../configuration/peers.ts';

/** Each is a MEO, and trusted as that one is. */
export const callbacksOf = (
  configuration: Pick<Configuration, 'systems' | 'peers'>,
  log: Logger,
): ReturnType<typeof callbacks> => callbacks((client) => meoOf(configuration, client)?.tls, log);

/** The catalogue's notices meet the callbacks of MEOs. */
export const tellingOver = (
  configuration: Pick<Configuration, 'systems' | 'peers'>,
  catalogue: Catalogue,
  log: Logger,
): ReturnType<typeof tellingActivities> =>
  tellingActivities({
    notices: {
      due: async () => await due(catalogue),
      told: async (one) => await told(catalogue, one),
      notTold: async (one) => await notTold(catalogue, one),
      forget: async ({ subscription }) => await forget(catalogue, subscription),
      dueInMs: async () => await dueInMs(catalogue),
    },
    mistake: ({ client, callback }) => callbackMistake(configuration, client, callback),
    tell: callbacksOf(configuration, log),
  });
