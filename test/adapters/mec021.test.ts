import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { mec021Mobility } from '../../adapters/mec021/mobility.ts';
import { faultyServer, type FaultyServer, type Reply } from '../support/faulty-server.ts';

const log = pino({ level: 'silent' });
const NOT_ALLOWED = 'APP_MOBILITY_NOT_ALLOWED';
const ASKED = 'APP_MOBILITY_WITH_CONFIRMATION';
const FREE = 'APP_MOBILITY_WITHOUT_CONFIRMATION';

const registration = (appInstanceId: string, levels: Record<string, unknown>) => ({
  appMobilityServiceId: 'r1',
  serviceConsumerId: { appInstanceId },
  deviceInformation: Object.entries(levels).map(([value, appMobilityServiceLevel]) => ({
    associateId: { type: 'UE_IPv4_ADDRESS', value },
    appMobilityServiceLevel,
    contextTransferState: 'NOT_TRANSFERRED',
  })),
});

let peer: FaultyServer;
afterEach(async () => await peer.close());

async function level(reply: Reply, device: string | null): Promise<string> {
  peer = await faultyServer(() => reply);
  return await mec021Mobility(peer.exchange, log).level('i1', device, AbortSignal.timeout(5_000));
}
const of = (...json: unknown[]): Reply => ({ status: 200, json });

it.each([
  ['its device may not move', registration('i1', { '127.10.100.1': NOT_ALLOWED }), '127.10.100.1', 'forbidden'],
  ['another device may not move', registration('i1', { '127.10.100.2': NOT_ALLOWED }), '127.10.100.1', 'free'],
  ['its device may move', registration('i1', { '127.10.100.1': FREE }), '127.10.100.1', 'free'],
  [
    'one of all may not move',
    registration('i1', { '127.10.100.1': FREE, '127.10.100.2': NOT_ALLOWED }),
    null,
    'forbidden',
  ],
  ['all may move', registration('i1', { '127.10.100.1': FREE }), null, 'free'],
  ['another instance forbids it', registration('i2', { '127.10.100.1': NOT_ALLOWED }), null, 'free'],
  ['the level is a number', registration('i1', { '127.10.100.1': 1 }), null, 'forbidden'],
  ['the number is wrapped', registration('i1', { '127.10.100.1': { appMobilityServiceLevel: 1 } }), null, 'forbidden'],
  ['another number is wrapped', registration('i1', { '127.10.100.1': { appMobilityServiceLevel: 3 } }), null, 'free'],
  [
    'its device may move once it has confirmed',
    registration('i1', { '127.10.100.1': ASKED }),
    '127.10.100.1',
    'confirmation',
  ],
  ['one of all wants to confirm', registration('i1', { a: FREE, b: ASKED }), null, 'confirmation'],
  ['the strictest of all counts', registration('i1', { a: ASKED, b: NOT_ALLOWED }), null, 'forbidden'],
  ['the number is 2', registration('i1', { a: 2 }), 'a', 'confirmation'],
  ['the number 2 is wrapped', registration('i1', { a: { appMobilityServiceLevel: 2 } }), 'a', 'confirmation'],
  ['one level is odd', registration('i1', { a: { toString: 1 }, b: 'toString', c: NOT_ALLOWED }), null, 'forbidden'],
  [
    'one device is odd',
    {
      serviceConsumerId: { appInstanceId: 'i1' },
      deviceInformation: [7, { associateId: 'a', appMobilityServiceLevel: 1 }],
    },
    'a',
    'forbidden',
  ],
  [
    'there is null for its devices',
    { serviceConsumerId: { appInstanceId: 'i1' }, deviceInformation: null },
    null,
    'free',
  ],
  ['no device is registered', { serviceConsumerId: { appInstanceId: 'i1' } }, null, 'free'],
])('where %s, it is told so', async (_, registered, device, expected) => {
  expect(await level(of(registered), device)).toBe(expected);
  expect(peer.heard[0]?.query.get('filter')).toBe('(eq,serviceConsumerId/appInstanceId,i1)');
});

it('counts what is registered for an instance that its platform numbers', async () => {
  const numbered = { ...registration('', { a: NOT_ALLOWED }), serviceConsumerId: { appInstanceId: 17 } };
  peer = await faultyServer(() => of(numbered));
  const mobility = mec021Mobility(peer.exchange, log);
  expect(await mobility.level('17', 'a', AbortSignal.timeout(5_000))).toBe('forbidden');
  expect(await mobility.level('7', 'a', AbortSignal.timeout(5_000))).toBe('free');
});

it.each([404, 405, 410, 501])('where the platform has no such service (%i), nothing was forbidden', async (status) => {
  expect(await level({ status }, null)).toBe('free');
});

it('where the service does not answer, that is not taken for a yes', async () => {
  await expect(level({ status: 503 }, null)).rejects.toMatchObject({ type: 'PeerUnavailable' });
});

it.each([
  [
    'a foreign one is odd',
    { status: 200, json: [{ serviceConsumerId: 'mep' }, null, registration('i1', { a: ASKED })] },
  ],
  ['they come wrapped', { status: 200, json: { registrationInfo: [registration('i1', { a: ASKED })] } }],
])('where %s, the own ones are read all the same', async (_, reply) => {
  expect(await level(reply, 'a')).toBe('confirmation');
});

it.each([
  ['null', 'null'],
  ['nothing', ''],
  ['an object without members', '{}'],
])('where the list is %s, nothing was registered', async (_, text) => {
  expect(await level({ status: 200, text }, null)).toBe('free');
});

it('asks a platform that knows no filter without', async () => {
  peer = await faultyServer(({ query }) =>
    query.size > 0 ? { status: 400 } : of(registration('i1', { a: ASKED }), registration('i2', { a: NOT_ALLOWED })),
  );
  expect(await mec021Mobility(peer.exchange, log).level('i1', 'a', AbortSignal.timeout(5_000))).toBe('confirmation');
});
