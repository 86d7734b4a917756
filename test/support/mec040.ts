import { mfmDocument } from '../../api/mfm/face.ts';
import { admission, callerOf } from '../../api/tokens/admission.ts';
import { Tokens } from '../../doors/tokens/tokens.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { answerTo } from './answer.ts';
import { named, nowhere, Served } from './api.ts';
import type { CatalogueOfTest } from './catalogue.ts';
import { departuresInPart, type Document } from './conditions.ts';
import { referred } from './referred.ts';
import { federationOfTest, partnerOfTest } from './federation.ts';
import { Issuer } from './issuer.ts';

export interface Answered<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** MEC 040 is described by ETSI; what MEOs tell besides, by us. */
const document = referred(mfmDocument()) as Document;

/** MEC 040 as MEOs ask it: the API over a catalogue, with tokens of a real issuer. `plain`: its MEOs are asked by plain HTTP. */
export class Federator {
  readonly own: CatalogueOfTest;
  readonly api: Served;
  /** How often subscribers were to be told. */
  changes = 0;
  readonly #issuer: Issuer;
  readonly #temporal: ReturnType<typeof nowhere>;

  private constructor(own: CatalogueOfTest, api: Served, issuer: Issuer, temporal: ReturnType<typeof nowhere>) {
    [this.own, this.api, this.#issuer, this.#temporal] = [own, api, issuer, temporal];
  }

  static async start(own: CatalogueOfTest, { catalogue = own.catalogue, plain = false } = {}): Promise<Federator> {
    const issuer = await Issuer.start();
    const { meo } = named.peers;
    if (meo === undefined) throw new Error('there is no MEO');
    const issuers = { own: { issuer: issuer.url, audience: 'ferry' } };
    const federation = federationOfTest({
      issuers,
      partners: { b: partnerOfTest('b'), c: partnerOfTest('c', { join: 'onMiss' }) },
    });
    const temporal = nowhere();
    let started: Federator | undefined;
    const api = await Served.start({
      temporal,
      federation,
      systems: memberSystems,
      peers: plain ? { meo: { ...meo, url: 'http://127.0.0.1:1', insecure: true } } : {},
      federating: {
        catalogue,
        access: { admit: admission(new Tokens(federation.issuers)), callerOf },
        changed: () => {
          if (started !== undefined) started.changes += 1;
        },
      },
    });
    started = new Federator(own, api, issuer, temporal);
    return started;
  }

  async token(claims: Record<string, unknown>): Promise<string> {
    return await this.#issuer.token(claims);
  }

  /** As this client; `scope` null: without a token. */
  async ask<Body = unknown>(
    method: string,
    path: string,
    {
      client = 'meo-one',
      scope = 'fed_enablement',
      body,
      ifMatch,
    }: { client?: string; scope?: string | null; body?: unknown; ifMatch?: string } = {},
  ): Promise<Answered<Body>> {
    const { status, headers, text } = await answerTo(`${this.api.url}${path}`, {
      method,
      headers: {
        ...(scope !== null && { authorization: `Bearer ${await this.token({ client_id: client, scope })}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const read = (text === '' ? undefined : JSON.parse(text)) as Body;
    const departing = departuresInPart(document, { method, path, status, headers, body: read ?? '' });
    if (departing.length > 0) throw new Error(departing.join('\n'));
    return { status, headers, body: read };
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.#issuer.stop();
    await this.#temporal.connection.close();
  }
}

/** Two whose MEO registers them; `cellular` and `wifi` of `named` have no client. */
export const memberSystems: Configuration['systems'] = {
  one: { meo: 'meo', network: 'cellular', client: 'meo-one' },
  two: { meo: 'meo', network: 'wifi', client: 'meo-two' },
};
