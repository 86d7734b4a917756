import { done, type Heard, ok, refused, type Reply } from './exchange.ts';
import type { Side } from './plan.ts';
import type { Instance, Rule, Subscription, World } from './world.ts';

const RNI = '/rni/v2/subscriptions';

/** Rules (MEC 011, with strong ETags), radio network information (MEC 012), and no other service. */
export function platform(world: World, side: Side, pair: number, url: string) {
  function rules({ method, path, json, ifMatch }: Heard): Reply {
    const [, id = '', collection, ruleId] =
      /^\/mec_app_support\/v1\/applications\/([^/]+)\/(dns_rules|traffic_rules)(?:\/([^/]+))?$/.exec(path) ?? [];
    const instance = world.instances.get(id);
    const kind = collection === 'dns_rules' ? 'dns' : 'traffic';
    if (collection === undefined || instance?.side !== side || instance.pair !== pair)
      return refused(404, 'no such instance here');
    const own = instance.rules.filter((rule) => rule.kind === kind);
    if (ruleId === undefined) return ok(own.map(({ wire }) => wire));
    const rule = own.find((each) => each.id === ruleId);
    if (rule === undefined) return refused(404, 'no such rule');
    if (method === 'PUT') {
      if (ifMatch !== undefined && ifMatch !== tagOf(rule)) return refused(412, 'it was changed meanwhile');
      Object.assign(rule, { wire: json, version: rule.version + 1 });
    }
    return ok(rule.wire, { etag: tagOf(rule) });
  }

  function subscriptions({ method, path, json }: Heard): Reply {
    const all = world.subscribed(side, pair);
    if (path === RNI && method === 'POST') {
      const made = world.subscribe(side, pair, json);
      const shown = wireOf(made);
      return { status: 201, json: shown, headers: { location: `${url}${RNI}/${made.id}` } };
    }
    if (path === RNI)
      return ok({
        _links: {
          self: { href: `${url}${RNI}` },
          subscription: [...all.values()].map(({ id, body }) => ({
            href: `${url}${RNI}/${id}`,
            subscriptionType: body['subscriptionType'],
          })),
        },
      });
    const id = path.slice(RNI.length + 1);
    const found = all.get(id);
    if (found === undefined) return refused(404, 'no such subscription');
    if (method !== 'DELETE') return ok(wireOf(found));
    all.delete(id);
    return done;
  }

  const wireOf = ({ id, body }: Subscription): object => ({
    ...body,
    _links: { self: { href: `${url}${RNI}/${id}` } },
  });

  return (heard: Heard): Reply => {
    if (heard.path.startsWith('/mec_app_support/')) return rules(heard);
    if (heard.path.startsWith(RNI)) return subscriptions(heard);
    // Nobody has registered his users' mobility
    return heard.path === '/amsi/v1/app_mobility_services' ? ok([]) : refused(404, 'no such service');
  };
}

const tagOf = ({ version }: Rule): string => `"${version}"`;

const active = (instances: readonly Instance[], kind: Rule['kind']): readonly Rule[] =>
  instances.flatMap(({ rules }) => rules).filter((rule) => rule.kind === kind && rule.wire['state'] === 'ACTIVE');

/** Where a device's name leads, and who answers at an address: as the rules of its pair of hosts say. */
export function vantage(world: World) {
  return ({ path, query, json }: Heard): Reply => {
    if (path === '/vantage/v1/resolve') {
      const n = Number(/^app-(\d+)\./.exec(query.get('name') ?? '')?.[1] ?? -1);
      const found = active(world.of(n), 'dns').at(-1);
      return ok({ answers: found === undefined ? [] : [{ address: found.wire['ipAddress'], ttl: 0 }] });
    }
    const { hostname } = new URL(String(json['url']));
    const application = world.at(hostname)?.application ?? -1;
    const leads = active(world.of(application), 'traffic').find(({ wire }) =>
      (wire['trafficFilter'] as readonly { readonly dstAddress?: readonly string[] }[])[0]?.dstAddress?.includes(
        hostname,
      ),
    );
    const exit = leads?.wire['dstInterface'] as { readonly dstIpAddress: string } | undefined;
    const answers = world.at(exit?.dstIpAddress ?? hostname);
    if (answers === undefined) return refused(502, 'nobody answers');
    return ok({ status: 200, headers: { 'ferry-instance': answers.id } });
  };
}
