import type { RequestListener } from 'node:http';
import { answers } from '../catalogue/database.ts';
import type { Federation } from '../configuration/federation.ts';
import type { Asker } from '../doors/asker.ts';
import type { Tokens } from '../doors/tokens/tokens.ts';
import { base } from '../protocols/mpp/path.ts';
import { notificationsIn, notificationsOut } from './callbacks.ts';
import { partnersOnly } from './door.ts';
import { egress } from './egress.ts';
import { ingress } from './ingress.ts';
import type { Means } from './means.ts';
import { type Handler, served } from './served.ts';

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

const live: Handler = (_req, res) => void res.writeHead(204).end();

/** For applications and producers of own platforms: they are known by what nobody can guess. */
export const innerFace = (means: Means): RequestListener =>
  served(
    [
      { name: '/s/{secret}', at: /^\/s\/([\w-]{43})((?:[/?].*)?)$/, handler: egress(means) },
      { name: '/n/{id}', at: new RegExp(`^/n/(${UUID})((?:\\?.*)?)$`), handler: notificationsOut(means) },
      { name: '/health/live', at: /^\/health\/live$/, handler: live },
      {
        name: '/health/ready',
        at: /^\/health\/ready$/,
        handler: async (_req, res) => {
          await answers(means.catalogue);
          res.writeHead(204).end();
        },
      },
    ],
    means.log,
  );

/** For partners' gateways. */
export const outerFace = (means: Means, tokens: Tokens, federation: Federation, asker: Asker): RequestListener =>
  served(
    [
      {
        name: `${base}/bindings/{name}`,
        at: new RegExp(`^${base}/bindings/([\\w.~-]{1,64})((?:[/?].*)?)$`),
        handler: ingress(means),
      },
      {
        name: `${base}/callbacks/{id}`,
        at: new RegExp(`^${base}/callbacks/(${UUID})((?:\\?.*)?)$`),
        handler: notificationsIn(means),
      },
      { name: `${base}/alive`, at: new RegExp(`^${base}/alive$`), handler: live },
    ],
    means.log,
    partnersOnly(tokens, { federation, systems: means.configuration.systems, asker }),
  );
