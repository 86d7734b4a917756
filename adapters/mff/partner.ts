import type { Partner, PartnerSystem } from '../../activities/federation/ports.ts';
import type { Consumable } from '../../activities/federation/consumption.ts';
import type { Finder } from '../../activities/federation/questions.ts';
import { base, RelationAnswer, SystemAnswer } from '../../protocols/mff/client.ts';
import type { Exchange } from '../http.ts';
import { mffConsumable } from './consumable.ts';
import { mffFinder } from './finder.ts';
import { isGone } from './gone.ts';
import { listed } from './list.ts';

const PAGES = 20;
const SYSTEMS = 10_000;

/** What our extension adds: the partner's will, and its systems (GR MEC 035, 5.1.2 level 1, 6.3.2). */
export function mffPartner(
  exchange: Exchange,
  { operator }: { readonly operator: string },
): Pick<Partner, 'relation' | 'systems' | keyof Finder | keyof Consumable> {
  /** A manager's systems are its operator's, whatever it says; a broker passes on those of others. */
  let isBroker = false;

  const operatorOf = (said: string | null | undefined): string => (isBroker ? (said ?? operator) : operator);

  const systemOf = ({ system, name, provider, operator: said, meo }: SystemAnswer): PartnerSystem => ({
    system,
    name,
    provider,
    operator: operatorOf(said),
    meo: meo ?? null,
  });

  return {
    ...mffFinder(exchange, operatorOf),
    ...mffConsumable(exchange),

    async relation(context, signal) {
      const begun = performance.now();
      const answer = await exchange.ask(
        {
          method: 'GET',
          path: `${base}/${encodeURIComponent(context)}`,
          label: `${base}/{federationContextId}`,
          schema: RelationAnswer,
          alsoExpect: [404],
        },
        signal,
      );
      if (isGone(answer)) return 'gone';
      const { will, systemsTag, zonesTag = null, role, version, assurance, gateway = null } = answer.body;
      isBroker = role === 'broker';
      const linkMs = performance.now() - begun;
      return {
        theirs: will,
        linkMs,
        systemsTag: bare(systemsTag),
        zonesTag,
        capabilities: { role, version, assurance, gateway },
      };
    },

    async systems(context, tag, signal) {
      const systems: PartnerSystem[] = [];
      const take = (entry: unknown): void => {
        const parsed = SystemAnswer.safeParse(entry);
        if (parsed.success) systems.push(systemOf(parsed.data));
      };
      const answer = await listed(
        exchange,
        {
          method: 'GET',
          path: `${base}/${encodeURIComponent(context)}/systems`,
          label: `${base}/{federationContextId}/systems`,
          headers: tag === null ? {} : { 'if-none-match': `"${tag}"` },
          alsoExpect: [304, 403, 404],
        },
        { of: 'systems', entries: SYSTEMS, pages: PAGES },
        take,
        signal,
      );
      if (answer.status === 304) return 'unchanged';
      if (isGone(answer)) return 'gone';
      return { tag: bare(answer.etag ?? ''), systems };
    },
  };
}

/** As a header it stands in quotes (RFC 9110, 8.8.3). */
const bare = (tag: string): string => tag.replace(/^(?:W\/)?"(.*)"$/, '$1');
