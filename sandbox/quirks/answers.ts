import { type Call, changeJson } from './call.ts';
import type { QuirkName } from './table.ts';

/** Quirks that change what an answer says. */
export const answers: Partial<Record<QuirkName, (call: Call) => void>> = {
  activeRulesOnly: ({ req, res }) => {
    if (req.method !== 'GET' || !/\/(dns|traffic)_rules\/?$/.test(req.path)) return;
    changeJson(res, (rules) => entries(rules).filter(({ state }) => state === 'ACTIVE'));
  },

  noEndpoints: ({ res }) =>
    changeJson(res, (body) => everyObject(body, ({ communicationInterface: _left, ...rest }) => rest)),

  /** Of rules those of MEC 011, of subscriptions those that other types of them have. */
  filledDefaults: ({ res }) =>
    changeJson(res, (body) =>
      everyObject(body, (one) => {
        if ('dnsRuleId' in one) return { ttl: 300, ...one };
        if ('trafficRuleId' in one) return { ...one, trafficFilter: filters(one['trafficFilter']) };
        return 'subscriptionType' in one && 'callbackReference' in one ? filledSubscription(one) : one;
      }),
    ),

  capitalNames: ({ res }) =>
    changeJson(res, (body) =>
      everyObject(body, (one) =>
        typeof one['domainName'] === 'string' ? { ...one, domainName: capitals(one['domainName']) } : one,
      ),
    ),

  maskedAddresses: ({ res }) =>
    changeJson(res, (body) =>
      everyObject(body, (one) =>
        Object.fromEntries(
          Object.entries(one).map(([member, value]) => [
            member,
            /^(src|dst)Address$/.test(member) && Array.isArray(value) ? value.map(masked) : value,
          ]),
        ),
      ),
    ),

  foreignLinks: ({ res }) => {
    changeJson(res, (body) =>
      everyObject(body, (one) => (typeof one['href'] === 'string' ? { ...one, href: elsewhere(one['href']) } : one)),
    );
    const location = res.location.bind(res);
    res.location = (url: string) => location(elsewhere(url));
  },

  slashedLinks: ({ res }) => {
    changeJson(res, (body) =>
      everyObject(body, (one) => (typeof one['href'] === 'string' ? { ...one, href: slashed(one['href']) } : one)),
    );
    const location = res.location.bind(res);
    res.location = (url: string) => location(slashed(url));
  },

  localProblems: ({ res }) => {
    res.locals['wording'] = (detail: string): string =>
      `作业 ${1_000 + Math.floor(Math.random() * 9_000)} 于 ${new Date().toISOString()} 失败（参数错误）：${detail}`;
  },
};

type Members = Record<string, unknown>;

const entries = (list: unknown): Members[] => (Array.isArray(list) ? (list as Members[]) : []);

/** Innermost first. */
function everyObject(value: unknown, change: (one: Members) => Members): unknown {
  if (Array.isArray(value)) return value.map((element) => everyObject(element, change));
  if (typeof value !== 'object' || value === null) return value;
  return change(
    Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, everyObject(inner, change)])),
  );
}

const filters = (list: unknown): Members[] => entries(list).map((filter) => ({ qCI: 1, dSCP: 0, tC: 1, ...filter }));

const filledSubscription = (one: Members): Members => ({
  requestTestNotification: false,
  ...Object.fromEntries(
    Object.entries(one).map(([member, value]) =>
      member.startsWith('filterCriteria') ? [member, { trigger: [1], ...(value as Members) }] : [member, value],
    ),
  ),
});

/** A single address as firewalls have it. */
const masked = (address: unknown): unknown =>
  typeof address === 'string' && /^[\d.]+$/.test(address) ? `${address}/32` : address;

/** `counter.edge.example` as people write it into a descriptor. */
const capitals = (name: string): string =>
  `${name.replace(/\.$/, '').replaceAll(/(?<=^|\.)[a-z]/g, (letter) => letter.toUpperCase())}.`;

/** A query, if any, comes after it. */
const slashed = (link: string): string => link.replace(/\/?(?=\?|$)/, '/');

/** What a peer behind a gateway believes to be its own address. */
const elsewhere = (link: string): string => link.replace(/^https?:\/\/[^/]+/, 'https://mep.inner.example:8443/gateway');
