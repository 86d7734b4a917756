import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { busy } from '../../support/busy.ts';
import { comes } from '../../support/joined.ts';
import { pair } from '../../support/joined-pair.ts';
import type { Operator } from '../../support/pair.ts';

/** Two whole Ferrys, with bindings that nobody but this test has settled: what their gateways make of them. */

interface Navigation {
  readonly running: boolean;
  readonly service: string | null;
  readonly answered: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly lastAnswerAt: number | null;
  readonly longestGapMs: number;
}

const navigation = async (): Promise<Navigation> => (await pair.sandbox('/assistant/navigation')) as Navigation;

async function agreementOf(operator: Operator, direction: string): Promise<string> {
  const rows = await pair.rows<{ id: string }>(
    operator,
    'select id from agreement where direction = $1 and ended_at is null',
    [direction],
  );
  return rows[0]?.id ?? '';
}

/** A service of b1, bound for a2, and where an application of a2 calls it. */
async function bound(offer: string, endpoint: string): Promise<{ readonly name: string; readonly url: string }> {
  const [name, secret] = [`n${randomBytes(8).toString('hex')}`, randomBytes(32).toString('base64url')];
  const [uses, serves] = [await agreementOf(pair.a, 'uses'), await agreementOf(pair.b, 'serves')];
  await pair.rows(
    pair.b,
    `with s as (select id from system where local = 'metro'),
       p as (insert into platform (system, foreign_id) select id, 'b1' from s
         on conflict (system, foreign_id) do update set foreign_id = 'b1' returning id, system),
       o as (insert into offer (platform, platform_foreign_id, system, kind, foreign_id, name, version, state, transport,
           serializer, endpoint)
         select id, 'b1', system, 'service', $5, $1, '1', 'ACTIVE', 'REST_HTTP', 'JSON', $2 from p returning id)
     insert into binding (name, side, agreement, offer, system, platform, kind, offer_name, solution, state)
     select $3, 'producer', $4, id, 'metro', 'b1', 'service', $1, 'federators', 'open' from o`,
    [offer, endpoint, name, serves, randomUUID()],
  );
  await pair.rows(
    pair.a,
    `insert into binding
       (name, side, agreement, offer, system, platform, kind, offer_name, solution, state, path_secret)
     values ($1, 'consumer', $2, gen_random_uuid(), 'cellular', 'a2', 'service', $3, 'federators', 'open', $4)`,
    [name, uses, offer, secret],
  );
  return { name, url: `http://127.${pair.net}.10.2:8702/s/${secret}` };
}

export function passing(): void {
  it('navigation of A uses speech of B, until either operator suspends that, and again afterwards', async () => {
    const { name, url } = await bound('speech', `http://127.${pair.net}.62.252:7000/speech/v1`);
    const exposed = `http://127.${pair.net}.2.12:8080/mec_service_mgmt/v1/applications/ferry-gateway/services`;
    const shown = await fetch(exposed, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        serName: 'speech',
        version: '1.0',
        state: 'ACTIVE',
        serializer: 'JSON',
        isLocal: false,
        transportInfo: { id: name, name: 'REST', type: 'REST_HTTP', endpoint: { uris: [url] } },
      }),
    });
    expect(shown.status).toBe(201);
    await pair.sandbox('/assistant/navigation', 'POST', {});
    await comes(navigation, ({ answered }) => answered > 20);

    for (const [operator, direction] of [
      [pair.b, 'serves'],
      [pair.a, 'uses'],
    ] as const) {
      const path = `/v1/federations/${operator.partner}`;
      expect((await pair.ask(operator, `${path}/suspend?direction=${direction}`, 'POST')).status).toBe(200);
      const at = Date.now();
      await comes(navigation, ({ lastAnswerAt }) => Date.now() - (lastAnswerAt ?? Infinity) > 1_500);
      expect(((await navigation()).lastAnswerAt ?? Infinity) - at).toBeLessThan(1_000 * busy());
      const { answered } = await navigation();
      expect((await pair.ask(operator, `${path}/resume?direction=${direction}`, 'POST')).status).toBe(200);
      await comes(navigation, (now) => now.answered > answered + 20);
    }
    const { refused } = await navigation();
    expect(Object.keys(refused)).toContain('503');
    for (const status of Object.keys(refused)) expect(['0', '503']).toContain(status); // 0: it waited no longer itself
    expect(readFileSync(pair.a.gateway.log, 'utf8')).not.toContain('not poked'); // of what B refused A's worker was told
    await pair.sandbox('/assistant/navigation', 'DELETE');
  });

  it('radio network information of B, a service of its platform, notifies an application of A', async () => {
    const { url: service } = await bound('RNIS', `http://127.${pair.net}.52.11:8080/rni/v2`);
    const reads = async (): Promise<number> => (await fetch(`${service}/subscriptions`)).status;
    await comes(reads, (status) => status === 200);
    const told: unknown[] = [];
    const hears = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
      told.push(JSON.parse(await text(req)));
      res.writeHead(204).end();
    };
    const application = createServer((req, res) => void hears(req, res));
    await once(application.listen(9_000, `127.${pair.net}.22.253`), 'listening');
    try {
      const callbackReference = `http://127.${pair.net}.22.253:9000/cells`;
      const answer = await fetch(`${service}/subscriptions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          subscriptionType: 'CellChangeSubscription',
          callbackReference,
          filterCriteriaAssocHo: { appInstanceId: 'navigation', hoStatus: [3] },
        }),
      });
      const made = answer.headers.get('location') ?? '';
      expect([answer.status, made.startsWith(`${service}/subscriptions/`)]).toEqual([201, true]);
      expect(await answer.json()).toMatchObject({ callbackReference, _links: { self: { href: made } } });
      expect(await (await fetch(made)).json()).toMatchObject({ callbackReference });

      await pair.sandbox('/cellChange', 'POST', { user: 'ue-1' });
      await comes(
        async () => told.length,
        (count) => count === 1,
      );
      expect(told[0]).toMatchObject({
        notificationType: 'CellChangeNotification',
        _links: { subscription: { href: made } },
      });
      expect((await fetch(made, { method: 'DELETE' })).status).toBe(204);
      expect((await fetch(made)).status).toBe(404);
      expect(await pair.rows(pair.b, 'select made from callback')).toEqual([{ made: [] }]);
    } finally {
      application.closeAllConnections();
      application.close();
    }
  });

  it('and what crossed names nothing of the inside of either', () => {
    const n = pair.net;
    const crossed = pair.a.wire.said + pair.b.wire.said;
    expect(crossed).toContain('CellChangeNotification');
    const inside = [
      `127.${n}.2.`,
      `127.${n}.22.`,
      `127.${n}.52.`,
      `127.${n}.62.`,
      `127.${n}.10.2`,
      `127.${n}.50.2`,
      'platform-b1',
      'meo-',
    ];
    for (const name of inside) expect(crossed.includes(name) ? name : '').toBe('');
  });
}
