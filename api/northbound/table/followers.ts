import { z } from 'zod';
import { FollowerRequest } from '../../../domain/follower-request.ts';
import { FOLLOWER_ID } from '../../../domain/identity.ts';
import { Name } from '../../../domain/name.ts';
import { UserLocationEventNotification } from '../../../protocols/mec013/location.ts';
import { Follower, FollowerList } from '../../follower.ts';
import type { Table } from '../../serve.ts';
import { asked, Page, PageHeaders, strangersPage } from './shared.ts';

const request = { application: 'counter', user: 'ue-7', among: ['a1', 'w1'] };
const id = 'abcdefghijklmnopqrstuvwxy';
const relocation = `${id}.01999999-1111-7111-8111-111111111111`;
const example: Follower = {
  id,
  request: { ...request, staySeconds: 10, holdSeconds: 60, perHour: 12, lookSeconds: 600 },
  state: 'waiting',
  network: 'wifi',
  since: '2026-12-01T02:00:00.000Z',
  site: 'w1',
  dueAt: null,
  moves: 1,
  relocation,
  anchor: null,
  trouble: null,
  startedAt: '2026-12-01T01:00:00.000Z',
  endedAt: null,
  result: null,
  links: { self: `/v1/followers/${id}`, temporal: null },
};
const Id = z.string().meta({ pattern: FOLLOWER_ID.source, example: id });
const now = { description: 'As it is now.', schema: Follower, example };

/** Applications that go after their users' devices. */
export const followersTable = {
  startFollower: {
    ...asked,
    method: 'post',
    path: '/v1/followers',
    summary: "Let a user's application go after the user's device",
    description:
      'Location services (MEC 013) tell where the device is; when it has stayed there, the best site is looked for, and an ordinary relocation begun. The same request again is the same follower.',
    body: FollowerRequest,
    example: request,
    answers: {
      202: {
        ...now,
        description: 'It was started, now or when the same was asked before.',
        headers: z.object({ Location: z.string() }),
      },
    },
    failures: ['UnknownName', 'NotLocated', 'AlreadyFollowed'],
  },
  listFollowers: {
    ...asked,
    method: 'get',
    path: '/v1/followers',
    summary: 'List the followers that run',
    query: Page,
    answers: {
      200: {
        description: 'A page of them.',
        schema: FollowerList,
        example: { followers: [example], next: null },
        headers: PageHeaders,
      },
    },
    failures: [],
    refusals: strangersPage,
  },
  showFollower: {
    ...asked,
    method: 'get',
    path: '/v1/followers/{id}',
    summary: 'Show a follower: where the device is, where its user is served, what is due',
    params: z.strictObject({ id: Id }),
    answers: { 200: now },
    failures: ['UnknownFollower'],
  },
  endFollower: {
    ...asked,
    method: 'delete',
    path: '/v1/followers/{id}',
    summary: 'End a follower: nothing follows any more, and a move under way goes on',
    params: z.strictObject({ id: Id }),
    answers: { 200: now },
    failures: ['UnknownFollower'],
  },
  hearSighting: {
    ...asked,
    method: 'post',
    path: '/v1/followers/{id}/sightings/{service}',
    summary: 'Be told by a location service that the device has entered a zone',
    description:
      'The callback of its subscriptions (MEC 013, 6.4.4). It is a reason to look: where the device is, is asked before anything is moved.',
    params: z.strictObject({
      id: Id,
      service: Name.meta({ description: 'The location service.', example: 'whereabouts' }),
    }),
    body: UserLocationEventNotification,
    example: {
      userLocationEventNotification: {
        notificationType: 'UserLocationEventNotification',
        userLocationEvent: 'ENTERING_AREA_EVENT',
        zoneId: 'hall',
        timeStamp: { seconds: 1_796_090_400, nanoSeconds: 0 },
      },
    },
    answers: { 204: { description: 'It was heard.' } },
    failures: ['UnknownFollower'],
  },
} as const satisfies Table;
