import { z } from 'zod';
import {
  NewSubscription,
  NewSystemInfo,
  Subscription,
  SubscriptionLinkList,
  subscriptions,
  SystemInfo,
  systemInfos,
  SystemInfoUpdate,
} from '../../protocols/mec040/members.ts';
import type { Table } from '../serve.ts';

const One = z.strictObject({ id: z.string() });
const Location = z.object({ Location: z.string() });

/** Queries that the API has no name for are passed over: the conformance suite sends some. */
const usual = { query: z.looseObject({}), asksTemporal: false, failures: ['CatalogueUnavailable'] } as const;
const reads = { ...usual, method: 'get', scope: 'fed_enablement:read' } as const;
const writes = { ...usual, scope: 'fed_enablement' } as const;
const system = { description: 'As it is now.', schema: SystemInfo };
const subscription = { description: 'As it is kept.', schema: Subscription };
const gone = { 204: { description: 'It is gone.' } };

/** MEC 040 V3.1.1, and the subscriptions whose types it has and whose path it leaves open. Below either of its bases. */
export const mec040Table = {
  listSystems: {
    ...reads,
    path: systemInfos,
    summary: 'Systems of the federation (5.2.2.2)',
    answers: { 200: { description: 'A page of them; Link leads to the next.', schema: z.array(SystemInfo) } },
    refusals: { 404: 'None is as asked for.' },
  },
  registerSystem: {
    ...writes,
    method: 'post',
    path: systemInfos,
    summary: 'Register a system (5.2.2.1)',
    body: NewSystemInfo,
    answers: { 201: { ...system, headers: Location } },
  },
  showSystem: {
    ...reads,
    path: `${systemInfos}/{id}`,
    summary: 'One system (5.2.2.2)',
    params: One,
    answers: { 200: system },
  },
  changeSystem: {
    ...writes,
    method: 'patch',
    path: `${systemInfos}/{id}`,
    summary: 'Change the own system',
    params: One,
    body: SystemInfoUpdate,
    answers: { 200: system },
  },
  withdrawSystem: {
    ...writes,
    method: 'delete',
    path: `${systemInfos}/{id}`,
    summary: 'Take the own system out (5.2.2.1.1)',
    params: One,
    answers: gone,
  },
  listSubscriptions: {
    ...reads,
    path: subscriptions,
    summary: 'Own subscriptions',
    answers: { 200: { description: 'Links to them.', schema: SubscriptionLinkList } },
  },
  subscribe: {
    ...writes,
    method: 'post',
    path: subscriptions,
    summary: 'Be told of systems that are registered, change or go (6.3.2)',
    body: NewSubscription,
    answers: { 201: { ...subscription, headers: Location } },
  },
  showSubscription: {
    ...reads,
    path: `${subscriptions}/{id}`,
    summary: 'One own subscription',
    params: One,
    answers: { 200: subscription },
  },
  unsubscribe: {
    ...writes,
    method: 'delete',
    path: `${subscriptions}/{id}`,
    summary: 'End an own subscription',
    params: One,
    answers: gone,
  },
} as const satisfies Table;

export type Mec040Table = typeof mec040Table;
