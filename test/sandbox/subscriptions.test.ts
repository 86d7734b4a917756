import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, eventually } from '../support/asking.ts';
import { type MecSystem, mecSystem } from '../support/mec-system.ts';
import { claimNetwork } from '../support/network.ts';

/** Subscriptions of MEC 010-2 and MEC 011: made, listed, read, ended, and told. */

const NET = `127.${(await claimNetwork()).net}`;
const platform = `http://${NET}.2.11:8080`;
let system: MecSystem;
let listener: Server;
let callback: string;
type Heard = Readonly<Record<string, unknown>>;
let heard: Heard[];

beforeEach(async () => {
  heard = [];
  listener = createServer((req, res) => {
    let text = '';
    req.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    req.on('end', () => {
      heard.push(JSON.parse(text) as Heard);
      res.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, `${NET}.9.9`, resolve));
  callback = `http://${NET}.9.9:${(listener.address() as AddressInfo).port}/told?tenant=7`;
  system = await mecSystem({
    name: 'cellular',
    meo: `${NET}.2.1`,
    hosts: [{ id: 'a1', address: `${NET}.2.11`, instances: `${NET}.21`, etag: 'version' }],
  });
});
afterEach(async () => {
  await system.close();
  listener.close();
  listener.closeAllConnections();
});

const subscribe = async (collection: string, body: object): Promise<string> => {
  const { status, headers } = await ask('POST', collection, body);
  expect(status).toBe(201);
  return headers.get('location') ?? '';
};
/** What was told of this kind, in the order of arrival, once there is so much of it. */
const told = async (type: string, count: number): Promise<Heard[]> =>
  await eventually(
    () => heard.filter(({ notificationType }) => notificationType === type),
    ({ length }) => length >= count,
  );
const links = async (collection: string): Promise<unknown> => {
  const { _links: found } = (await ask<{ _links: { subscriptions: unknown } }>('GET', collection)).body;
  return found.subscriptions;
};

describe('subscriptions at a MEO', () => {
  it('are listed by href and type, read with their id, and ended', async () => {
    const all = `${system.lcm}/subscriptions`;
    const body = { subscriptionType: 'AppInstanceStateChangeSubscription', callbackUri: callback };
    const one = await subscribe(all, body);
    expect(await links(all)).toEqual([{ href: one, subscriptionType: body.subscriptionType }]);
    expect(await links(`${all}?subscriptionType=AppIdentifierCreationSubscription`)).toEqual([]);
    expect((await ask('GET', one)).body).toEqual({
      ...body,
      id: one.split('/').at(-1),
      _links: { self: { href: one } },
    });
    expect((await ask('PUT', one, body)).status).toBe(405);
    expect((await ask('DELETE', one)).status).toBe(204);
    expect((await ask('GET', one)).status).toBe(404);
    expect((await ask('POST', all, { ...body, subscriptionType: 'Other' })).status).toBe(400);
  });

  it('tell of packages, instances and operations what was asked for', async () => {
    for (const subscriptionType of ['AppPackageOnBoardingSubscription', 'AppPackageChangeSubscription'])
      await subscribe(`${system.meo}/app_pkgm/v1/subscriptions`, { subscriptionType, callbackUri: callback });
    const url = await system.onboard();
    expect(await told('AppPackageOnBoarded', 1)).toMatchObject([
      { appDId: 'counter.edge.example-1', operationalState: 'ENABLED' },
    ]);
    await fetch(url, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: '{"operationalState":"DISABLED"}',
    });
    await told('AppPackageDisabled', 1);
    await fetch(url, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: '{"operationalState":"ENABLED"}',
    });

    const lifeCycle = `${system.lcm}/subscriptions`;
    const state = await subscribe(lifeCycle, {
      subscriptionType: 'AppInstanceStateChangeSubscription',
      callbackUri: callback,
      appInstanceSubscriptionFilter: { appInstSelectorType: 3, appInstances: ['counter.edge.example-1'] },
    });
    await subscribe(lifeCycle, {
      subscriptionType: 'AppLcmOpOccStateChangeSubscription',
      callbackUri: callback,
      appLcmOpOccSubscriptionFilter: { operationStates: 'COMPLETED' },
    });
    await subscribe(lifeCycle, {
      subscriptionType: 'AppIdentifierCreationSubscription',
      callbackUri: callback,
      appInstanceSubscriptionFilter: { appInstSelectorType: 2, appInstances: ['another'] },
    });
    const { id } = await system.started('a1');
    expect(await told('AppInstanceStateChangeSubscription', 1)).toMatchObject([
      {
        appInstanceId: id,
        appInstanceState: 'STARTED',
        subscriptionId: state.split('/').at(-1),
        _links: { subscription: { href: state } },
      },
    ]);
    expect(await told('AppLcmOpOccStateChangeSubscription', 1)).toMatchObject([
      { appInstanceId: id, operationType: 'INSTANTIATE', operationState: 'COMPLETED' },
    ]);
    expect(heard.some(({ notificationType }) => notificationType === 'AppIdentifierCreationSubscription')).toBe(false);
  });
});

describe('subscriptions of an instance at its platform', () => {
  it('are those of an instance that is there', async () => {
    const nobody = `${platform}/mec_app_support/v1/applications/nobody/subscriptions`;
    expect((await ask('GET', nobody)).status).toBe(404);
  });

  it('AppTermination: it is told before it is stopped, and stopped when it has confirmed', async () => {
    await system.onboard();
    const { id } = await system.started('a1');
    const own = `${platform}/mec_app_support/v1/applications/${id}`;
    const one = await subscribe(`${own}/subscriptions`, {
      subscriptionType: 'AppTerminationNotificationSubscription',
      callbackReference: callback,
      appInstanceId: id,
    });
    expect(await links(`${own}/subscriptions`)).toMatchObject([{ href: one }]);
    const graceful = { terminationType: 'GRACEFUL', gracefulTerminationTimeout: 60 };
    const accepted = await system.task(id, 'terminate', graceful);
    expect(await told('AppTerminationNotification', 1)).toMatchObject([
      {
        operationAction: 'TERMINATING',
        maxGracefulTimeout: 60,
        _links: { subscription: { href: one }, confirmTermination: { href: `${own}/confirm_termination` } },
      },
    ]);
    expect(await system.instance(id)).toMatchObject({ instantiationState: 'INSTANTIATED' });
    expect((await ask('POST', `${own}/confirm_termination`, { operationAction: 'TERMINATING' })).status).toBe(204);
    await system.reaches(accepted, 'COMPLETED');
    expect((await ask('GET', one)).status).toBe(404);
  });

  it('SerAvailability: it is told of services by name, and what became of them', async () => {
    await system.onboard();
    const { id } = await system.started('a1');
    const own = `${platform}/mec_service_mgmt/v1/applications/${id}`;
    await subscribe(`${own}/subscriptions`, {
      subscriptionType: 'SerAvailabilityNotificationSubscription',
      callbackReference: callback,
      filteringCriteria: { serNames: ['mine'] },
    });
    const service = { serName: 'mine', version: '1', state: 'ACTIVE', serializer: 'JSON' };
    await ask('POST', `${own}/services`, { ...service, serName: 'other' });
    const { headers, body } = await ask<{ serInstanceId: string }>('POST', `${own}/services`, service);
    const url = `${own}/services/${body.serInstanceId}`;
    const link = { href: headers.get('location') };
    for (const [n, [method, sent, changeType]] of (
      [
        [null, null, 'ADDED'],
        ['PUT', { ...service, state: 'INACTIVE' }, 'STATE_CHANGED'],
        ['PUT', { ...service, state: 'INACTIVE', version: '2' }, 'ATTRIBUTES_CHANGED'],
        ['DELETE', undefined, 'REMOVED'],
      ] as const
    ).entries()) {
      if (method !== null) await ask(method, url, sent);
      const all = await told('SerAvailabilityNotification', n + 1);
      expect(all.at(-1)).toMatchObject({
        serviceReferences: [{ serName: 'mine', changeType, ...(changeType !== 'REMOVED' && { link }) }],
      });
    }
  });
});
