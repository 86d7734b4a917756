import type { FederationWith } from '../resources.ts';
import type { Handlers } from '../serve.ts';
import { queryForPerson } from './index-of-runs.ts';
import { following, tokenIn } from './pages.ts';
import type { NorthboundTable } from './table.ts';
import { waitingOfPartner, type WaitingReader } from './waiting-reader.ts';

/** What waits for a person. `partners`: undefined where this Ferry federates with nobody. */
export function waitingHandlers(
  reader: WaitingReader,
  partners: (() => Promise<readonly FederationWith[]>) | undefined,
): Handlers<NorthboundTable, 'listWaiting'> {
  return {
    listWaiting: async ({ query: asked, req, res }) => {
      const { limit, next, ...filter } = asked;
      const query = queryForPerson(filter);
      const { waiting, token } = await reader.page(query, limit, tokenIn(next, query));
      const isLast = token.length === 0 && Object.values(filter).every((value) => value === undefined);
      const also = isLast && partners !== undefined ? (await partners()).flatMap(waitingOfPartner) : [];
      res.json({
        waiting: [...waiting, ...also],
        next: following(req, res, token, { path: '/v1/waiting', query }),
      });
    },
  };
}
