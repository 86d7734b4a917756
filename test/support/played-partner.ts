import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Federation } from '../../configuration/federation.ts';
import type { Will } from '../../domain/federation.ts';
import { type FaultyServer, faultyServer, type Heard, type Reply } from './faulty-server.ts';

const EWBI = '/operatorplatform/federation/v1';
export const SECRET = 'a-secret-that-nobody-tells';

/** Another operator's federator on a real socket, and its authorization server beside it; whatever it does may be changed. */
export class PlayedPartner {
  server!: FaultyServer;
  secret = SECRET;
  life = 300;
  operator = 'operator-b';
  will: Will = 'open';
  tag = 'tag-1';
  systems: object[] = [{ system: 'alias-1', name: 'radio', provider: 'Operator B', operator: 'forged' }];
  zones: object[] = [{ zoneId: 'zone-1', geolocation: '48.1371,11.5754', geographyDetails: 'city' }];
  /** Null: it has none. */
  zonesTag: string | null = 'zones-1';
  /** What it answers to questions: platforms, and systems. */
  platforms: object[] = [];
  found: object[] = [];
  complete = true;
  validSeconds = 60;
  /** Of its tokens, the one that it takes. */
  token = '';
  context: string | undefined;
  refuses = false;
  contexts = 0;
  /** Judges a call first; undefined: it goes on. */
  before: (heard: Heard) => Reply | 'silence' | undefined = () => undefined;
  readonly links: string[] = [];

  static async start(timeoutMs?: number): Promise<PlayedPartner> {
    const partner = new PlayedPartner();
    partner.server = await faultyServer(
      (heard, res) => partner.#answer(heard, res),
      timeoutMs === undefined ? {} : { timeoutMs },
    );
    return partner;
  }

  get url(): string {
    return this.server.url;
  }

  count(call: RegExp): number {
    return this.server.count(call);
  }

  #answer(heard: Heard, res: ServerResponse): Reply | undefined {
    const judged = this.before(heard);
    if (judged === 'silence') return undefined;
    if (judged !== undefined) return judged;
    const { method, path } = heard;
    if (path.startsWith('/.well-known/')) return this.#metadata(path);
    if (path === '/token') return this.#grant(heard);
    if (heard.headers.authorization !== `Bearer ${this.token}`)
      return { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } };
    void res;
    return this.#face(`${method} ${path.replace(this.context ?? '-', '{ctx}')}`, heard);
  }

  #metadata(path: string): Reply {
    if (!path.endsWith('/openid-configuration')) return { status: 404 };
    return { status: 200, json: { issuer: this.url, token_endpoint: `${this.url}/token` } };
  }

  #grant({ headers, bytes }: Heard): Reply {
    const [, basic = ''] = (headers.authorization ?? '').split(' ');
    const secret = decodeURIComponent(Buffer.from(basic, 'base64').toString().split(':')[1] ?? '');
    if (secret !== this.secret) return { status: 401, json: { error: 'invalid_client' } };
    if (!bytes.toString().includes('grant_type=client_credentials'))
      return { status: 400, json: { error: 'unsupported_grant_type' } };
    this.token = `token-${randomUUID()}`;
    return { status: 200, json: { access_token: this.token, token_type: 'Bearer', expires_in: this.life } };
  }

  #face(call: string, heard: Heard): Reply {
    switch (call) {
      case `POST ${EWBI}/partner`:
        return this.#join(heard);
      case `POST ${EWBI}/{ctx}/zones`:
        return { status: 200, json: { acceptedZoneResourceInfo: [] } };
      case `GET ${EWBI}/{ctx}/partner`:
        return { status: 200, json: { offeredAvailabilityZones: this.zones } };
      case `DELETE ${EWBI}/{ctx}/partner`:
        this.context = undefined;
        return { status: 200, text: 'null' };
      case 'GET /mff/v1/{ctx}':
        return {
          status: 200,
          json: {
            operator: 'operator-b',
            role: 'manager',
            will: this.will,
            version: '1',
            systemsTag: this.tag,
            zonesTag: this.zonesTag,
          },
        };
      case 'GET /mff/v1/{ctx}/systems':
        if (heard.headers['if-none-match'] === `"${this.tag}"`) return { status: 304 };
        return { status: 200, json: this.systems, headers: { etag: `"${this.tag}"` } };
      case 'POST /mff/v1/{ctx}/platform-queries':
        return { status: 200, json: { platforms: this.platforms, ...this.#answered() } };
      case 'POST /mff/v1/{ctx}/system-queries':
        return { status: 200, json: { systems: this.found, ...this.#answered() } };
      default:
        if (call.startsWith('POST /status')) return { status: 204 };
        return { status: 404, json: { title: 'unknown', detail: heard.path } };
    }
  }

  #answered(): object {
    return { complete: this.complete, validSeconds: this.validSeconds, policy: { scope: 'mpp', atOnce: 1 } };
  }

  #join({ json }: Heard): Reply {
    if (this.refuses) return { status: 403, json: { title: 'Forbidden', detail: `not you: ${this.url}/secret` } };
    if (this.context === undefined) this.contexts += 1;
    this.context ??= randomUUID();
    this.links.push(String(json['partnerStatusLink']));
    return {
      status: 200,
      json: {
        federationContextId: this.context,
        partnerOPFederationId: this.operator,
        platformCaps: ['homeRouting'],
        offeredAvailabilityZones: this.zones,
      },
    };
  }

  /** One platform of its, with a service. */
  offers(name: string, more: object = {}): void {
    const offer = { kind: 'service', name, version: '1', state: 'ACTIVE', transport: 'REST_HTTP', serializer: 'JSON' };
    const platform = { platform: randomUUID(), system: 'alias-1', operator: 'forged', zone: { lat: 48, lon: 11 } };
    this.platforms.push({ ...platform, offers: [{ offer: randomUUID(), ...offer, latencyMs: 5, ...more }] });
  }

  /** What our configuration says of it. */
  federation(more: { pace?: object; partner?: object } = {}): Federation {
    return Federation.parse({
      operator: { id: 'operator-a', name: 'Operator A', country: 'DE', mcc: '262', mncs: ['01'] },
      url: 'https://a.example:8701',
      issuers: { own: { issuer: 'https://issuer.a.example', audience: 'ferry-a' } },
      partners: {
        b: {
          operator: 'operator-b',
          url: this.url,
          insecure: true,
          timeoutMs: 2_000,
          client: { issuer: this.url, id: 'ferry-a', secret: { env: 'TEST_SECRET_OF_B' } },
          accepts: { issuer: 'own', client: 'ferry-b' },
          ...more.partner,
        },
      },
      pace: { aliveSeconds: 3_600, ...more.pace },
    });
  }
}
