import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { faultyServer, type FaultyServer, type Heard, type Reply } from './faulty-server.ts';

type Body = Record<string, unknown>;
interface Held {
  body: Body;
  version: number;
}

/**
 * How a platform tells the version of a rule: by a number, by its content, weakly, without quotes,
 * or not at all.
 */
export type Tags = 'strong' | 'content' | 'weak' | 'bare' | 'none';

/**
 * A MEC platform's rules (MEC 011), on a real socket: each dialect that has been met is one member.
 */
export class PlayedPlatform {
  readonly rules = new Map<string, Held>();
  tags: Tags = 'strong';
  /** Lists ACTIVE rules only. */
  activeOnly = false;
  /** Keeps the addresses of filters with their masks (MEC 011: an address plus mask), as its firewall has them. */
  masks = false;
  /** What an empty list is. */
  nothing: Reply = { status: 200, json: [] };
  /** Answers in the rules' place. */
  before: (heard: Heard) => Reply | undefined = () => undefined;
  /** Answers itself, with whatever is no answer; false: it does not. */
  answer: (heard: Heard, res: ServerResponse) => boolean = () => false;
  server!: FaultyServer;

  async start(options: { base?: string; timeoutMs?: number } = {}): Promise<this> {
    this.server = await faultyServer(
      (heard, res) => (this.answer(heard, res) ? undefined : (this.before(heard) ?? this.#serve(heard))),
      { timeoutMs: 5_000, ...options },
    );
    return this;
  }

  /** As another one is by now. */
  become(other: PlayedPlatform): void {
    this.rules.clear();
    for (const [path, held] of structuredClone(other.rules)) this.rules.set(path, held);
  }

  dns(instance: string, rule: Body): void {
    this.#put(`${ROOT}/${instance}/dns_rules/${String(rule['dnsRuleId'])}`, rule);
  }

  traffic(instance: string, rule: Body): void {
    this.#put(`${ROOT}/${instance}/traffic_rules/${String(rule['trafficRuleId'])}`, rule);
  }

  /** Every rule as the platform has it, by kind and id. */
  of(instance: string): Record<string, Body> {
    const own = [...this.rules].filter(([path]) => path.startsWith(`${ROOT}/${instance}/`));
    return Object.fromEntries(
      own.map(([path, { body }]) => [path.split('/').slice(-2).join('/'), structuredClone(body)]),
    );
  }

  /** Somebody else changes a rule. */
  meddle(instance: string, rule: string, change: Body): void {
    const path = `${ROOT}/${instance}/${rule}`;
    this.#put(path, { ...this.rules.get(path)?.body, ...change });
  }

  get written(): string[] {
    return this.server.heard
      .filter(({ method }) => method === 'PUT')
      .map(({ path }) => path.split('/').slice(-2).join('/'));
  }

  #put(path: string, given: Body): void {
    const body = this.masks ? masked(given) : given;
    this.rules.set(path, { body, version: (this.rules.get(path)?.version ?? 0) + 1 });
  }

  #serve({ method, path, headers, json }: Heard): Reply {
    const [instance, kind, id] = path.slice(path.indexOf(ROOT) + ROOT.length + 1).split('/');
    const own = [...this.rules].filter(([at]) => at.startsWith(`${ROOT}/${instance}/`));
    if (own.length === 0) return { status: 404, json: { detail: 'no such application instance' } };
    if (id === undefined) {
      const listed = own.filter(
        ([at, { body }]) => at.includes(`/${kind}/`) && !(this.activeOnly && body['state'] !== 'ACTIVE'),
      );
      return listed.length === 0 ? this.nothing : { status: 200, json: listed.map(([, { body }]) => body) };
    }
    const at = `${ROOT}/${instance}/${kind}/${id}`;
    const held = this.rules.get(at);
    if (held === undefined) return { status: 404, json: { detail: 'no such rule' } };
    if (method === 'PUT') {
      const wanted = headers['if-match'];
      // A weak tag never matches (RFC 9110, 13.1.1)
      if (wanted !== undefined && (this.tags === 'weak' || wanted !== this.#tag(held)))
        return { status: 412, json: { detail: 'changed meanwhile' } };
      this.#put(at, json);
    }
    const now = this.rules.get(at) ?? held;
    const etag = this.#tag(now);
    return { status: 200, json: now.body, headers: etag === undefined ? {} : { etag } };
  }

  #tag({ version, body }: Held): string | undefined {
    const hash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
    const tags = {
      strong: `"${version}"`,
      content: `"${hash}"`,
      weak: `W/"${version}"`,
      bare: `v${version}`,
      none: undefined,
    };
    return tags[this.tags];
  }
}

function masked(body: Body): Body {
  const text = JSON.stringify(body, (member, value: unknown) =>
    /^(src|dst)Address$/.test(member) && Array.isArray(value)
      ? (value as string[]).map((one) => (one.includes('/') ? one : `${one}/${one.includes(':') ? 128 : 32}`))
      : value,
  );
  return JSON.parse(text) as Body;
}

const ROOT = '/mec_app_support/v1/applications';
