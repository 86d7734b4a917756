import { afterEach, expect, it } from 'vitest';
import { mec021Mobility } from '../../adapters/mec021/mobility.ts';
import { faultyServer, type FaultyServer, type Reply } from '../support/faulty-server.ts';

const NOT_ALLOWED = 'APP_MOBILITY_NOT_ALLOWED';
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

async function forbidden(reply: Reply, device: string | null): Promise<boolean> {
  peer = await faultyServer(() => reply);
  return await mec021Mobility(peer.exchange).forbidden('i1', device, AbortSignal.timeout(5_000));
}
const of = (...json: unknown[]): Reply => ({ status: 200, json });

it.each([
  ['its device may not move', registration('i1', { '127.10.100.1': NOT_ALLOWED }), '127.10.100.1', true],
  ['another device may not move', registration('i1', { '127.10.100.2': NOT_ALLOWED }), '127.10.100.1', false],
  ['its device may move', registration('i1', { '127.10.100.1': FREE }), '127.10.100.1', false],
  ['one of all may not move', registration('i1', { '127.10.100.1': FREE, '127.10.100.2': NOT_ALLOWED }), null, true],
  ['all may move', registration('i1', { '127.10.100.1': FREE }), null, false],
  ['another instance forbids it', registration('i2', { '127.10.100.1': NOT_ALLOWED }), null, false],
  ['the level is a number', registration('i1', { '127.10.100.1': 1 }), null, true],
  ['the number is wrapped', registration('i1', { '127.10.100.1': { appMobilityServiceLevel: 1 } }), null, true],
  ['another number is wrapped', registration('i1', { '127.10.100.1': { appMobilityServiceLevel: 3 } }), null, false],
  ['no device is registered', { serviceConsumerId: { appInstanceId: 'i1' } }, null, false],
])('where %s, it is told so', async (_, registered, device, expected) => {
  expect(await forbidden(of(registered), device)).toBe(expected);
  expect(peer.heard[0]?.query.get('filter')).toBe('(eq,serviceConsumerId/appInstanceId,i1)');
});

it.each([404, 501])('where the platform has no such service (%i), nothing was forbidden', async (status) => {
  expect(await forbidden({ status }, null)).toBe(false);
});

it('where the service does not answer, that is not taken for a yes', async () => {
  await expect(forbidden({ status: 503 }, null)).rejects.toMatchObject({ type: 'PeerUnavailable' });
});
