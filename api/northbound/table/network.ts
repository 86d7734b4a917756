import { z } from 'zod';
import { Name } from '../../../domain/name.ts';
import { ApplicationList, ApplicationSeen, PeerList, SiteList } from '../../resources.ts';
import type { Table } from '../../serve.ts';
import { asked, planFailures, waitSeconds } from './shared.ts';

const One = z.strictObject({
  name: Name.meta({ description: 'Of the application, in the configuration.', example: 'counter' }),
});

/** Sites, who is asked for them, and where applications are. */
export const networkTable = {
  listSites: {
    ...asked,
    method: 'get',
    path: '/v1/sites',
    summary: 'List the sites between which applications move, and how their peers were seen',
    description:
      'It does not wait for a peer: what is known is answered, and a look begun where that is older than half a minute. `waitSeconds`: so long that look is waited for.',
    query: z.strictObject({ waitSeconds: waitSeconds(0).meta({ description: 'So long a look is waited for.' }) }),
    headers: z.object({ 'if-none-match': z.string().optional() }),
    answers: {
      200: {
        description: 'The sites of the configuration.',
        schema: SiteList,
        headers: z.object({
          ETag: z.string(),
        }),
      },
      304: { description: 'Unchanged.' },
    },
    failures: [],
    asksTemporal: false,
  },
  listApplications: {
    ...asked,
    method: 'get',
    path: '/v1/applications',
    summary: 'Ask where every application is',
    description: 'Every site and every instance is asked; what does not answer is told as `detail`.',
    answers: { 200: { description: 'Every application of the configuration.', schema: ApplicationList } },
    failures: planFailures,
  },
  showApplication: {
    ...asked,
    method: 'get',
    path: '/v1/applications/{name}',
    summary: 'Ask where an application is, whom each instance serves, and what it was seen to keep',
    params: One,
    answers: { 200: { description: 'What its instances say, and its latest relocations.', schema: ApplicationSeen } },
    failures: [...planFailures],
    refusals: { 404: 'There is no such application.' },
  },
  listPeers: {
    ...asked,
    method: 'get',
    path: '/v1/peers',
    summary: 'Ask every configured peer what it can do',
    answers: { 200: { description: 'Every peer.', schema: PeerList } },
    failures: [],
  },
} as const satisfies Table;
