import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Tokens } from '../../doors/tokens/tokens.ts';
import { askerBehind } from '../../doors/asker.ts';
import { partnersOnly } from '../../gateway/door.ts';
import { served } from '../../gateway/served.ts';
import { eventually } from '../support/eventually.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';

const AT_ONCE = 3;
const federation = federationOfTest({ partners: { b: partnerOfTest('b', { atOnce: AT_ONCE }) } });

let server: Server;
let handled = 0;
/** Who waits for his token to be checked. */
let checking: (() => void)[] = [];

beforeEach(async () => {
  [handled, checking] = [0, []];
  const tokens = {
    isChecked: () => true,
    check: async () => {
      await new Promise<void>((checked) => checking.push(checked));
      return { issuer: 'own', client: 'client-b', scopes: ['mpp'] };
    },
  } as unknown as Tokens;
  server = createServer(
    served(
      [
        {
          name: 'all',
          at: /^/,
          handler: (_req, res) => {
            handled += 1;
            res.end();
          },
        },
      ],
      pino({ level: 'silent' }),
      partnersOnly(tokens, { federation, systems: {}, asker: askerBehind([]) }),
    ),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const at = (): { readonly host: string; readonly port: number } => ({
  host: '127.0.0.1',
  port: (server.address() as AddressInfo).port,
});

it('whoever leaves before it is known who he is holds no place, and nothing is done for him', async () => {
  const sockets = Array.from({ length: 2 * AT_ONCE }, () => connect(at()));
  for (const socket of sockets) socket.write('GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n');
  await eventually(() => checking.length === 2 * AT_ONCE);
  let open = 2 * AT_ONCE;
  for (const socket of sockets) socket.once('close', () => (open -= 1)).destroy();
  const connections = async (): Promise<number> =>
    await new Promise((told) => server.getConnections((_error, count) => told(count)));
  await eventually(async () => open === 0 && (await connections()) === 0);
  for (const checked of checking.splice(0)) checked();

  const req = get({ ...at(), agent: false, headers: { authorization: 'Bearer x' } });
  await eventually(() => checking.length === 1);
  checking[0]?.();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  expect([res.statusCode, handled]).toEqual([200, 1]);
});
