import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { json as read } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { busy } from '../support/busy.ts';
import { eventually } from '../support/eventually.ts';
import { type Answer, ask, Gateways, isRefusal, json } from '../support/gateways.ts';
import { claimNetwork } from '../support/network.ts';

void claimNetwork; // this file needs a network of its own

let gateways: Gateways;
beforeAll(async () => {
  gateways = await Gateways.start();
});
afterAll(async () => await gateways?.end());

const speaks = (_req: unknown, res: ServerResponse): void =>
  void res.writeHead(200, { 'content-type': 'text/plain' }).end('spoken');
const streams = (_req: unknown, res: ServerResponse): void => {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  const beat = setInterval(() => res.write('data: on\n\n'), 20);
  res.once('close', () => clearInterval(beat));
};
const speak = async (): Promise<Answer> => await ask(gateways.egress, '/x');

beforeEach(() => {
  gateways.service = speaks;
});
afterEach(async () => {
  for (const side of ['a', 'b'] as const) {
    gateways.wires[side].way = 'whole';
    gateways.databases[side].way = 'whole';
    await gateways.tell(side, 'delete from will');
    await gateways.tell(side, "update binding set state = 'open', closed_at = null");
  }
  await gateways.tell('b', "update offer set state = 'ACTIVE'");
  gateways.service = speaks;
  await eventually(async () => (await speak()).status === 200, 20_000);
});

/** A stream under way: how many milliseconds after `event` its last byte came. */
async function lastByteAfter(event: () => Promise<void>): Promise<number> {
  gateways.service = streams;
  const answer = await fetch(`${gateways.egress}/events`);
  const reader = answer.body?.getReader();
  await reader?.read();
  let [last, at] = [0, Infinity];
  const reading = (async () => {
    for (;;) {
      const part = await reader?.read();
      if (part === undefined || part.done) return;
      last = performance.now();
    }
  })().catch(() => undefined);
  await event();
  at = performance.now();
  await reading;
  return last - at;
}

describe('a suspension', () => {
  it.each(['a', 'b'] as const)('by %s is there for the next request, and ends with itself', async (side) => {
    expect((await speak()).status).toBe(200);
    await gateways.will(side, 'suspended');
    await eventually(async () => (await speak()).status === 503, 1_000, 10);
    const refused = await speak();
    expect([refused.status, isRefusal(refused)]).toEqual([503, true]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await gateways.will(side, 'open');
    await eventually(async () => (await speak()).status === 200, 1_000, 10);
  });

  it.each(['a', 'b'] as const)('by %s cuts what is under way within a second', async (side) => {
    const ms = await lastByteAfter(async () => await gateways.will(side, 'suspended'));
    expect(ms).toBeLessThan(1_000 * busy());
  });

  it('by B holds, whatever A does', async () => {
    await gateways.will('b', 'suspended');
    await eventually(async () => (await speak()).status === 503, 1_000, 10);
    const token = await gateways.issuers.b.token({ client_id: 'client-a', scope: 'mpp' });
    const past = await ask(gateways.bound, '/x', { headers: { authorization: `Bearer ${token}` } });
    expect([past.status, past.text]).toEqual([403, expect.stringContaining('urn:ferry:federation:suspended')]);
  });

  it('stops notifications as well', async () => {
    gateways.service = (_req, res) => void res.writeHead(201, { 'content-type': 'application/json' }).end('{}');
    await ask(gateways.egress, '/subscriptions', json({ callbackReference: gateways.notified }));
    const [{ id } = {}] = await gateways.tell('b', 'select id from callback');
    const notify = async (): Promise<number> => (await ask(gateways.inner('b'), `/n/${String(id)}`, json({}))).status;
    await eventually(async () => (await notify()) === 204);
    for (const side of ['b', 'a'] as const) {
      await gateways.will(side, 'suspended');
      await eventually(async () => (await notify()) === 503, 1_000, 10);
      await gateways.will(side, 'open');
      await eventually(async () => (await notify()) === 204, 1_000, 10);
    }
    expect(await notify()).toBe(204);
  });
});

describe('a binding that is closed', () => {
  it.each(['a', 'b'] as const)('at %s lets nothing pass, and what is under way is cut', async (side) => {
    const ms = await lastByteAfter(
      async () => void (await gateways.tell(side, "update binding set state = 'closed', closed_at = now()")),
    );
    expect(ms).toBeLessThan(1_000 * busy());
    gateways.service = speaks;
    expect((await speak()).status).toBe(side === 'a' ? 404 : 503);
  });

  it('and one that does not offer it now are told apart', async () => {
    await gateways.tell('b', "update offer set state = 'INACTIVE'");
    const token = await gateways.issuers.b.token({ client_id: 'client-a', scope: 'mpp' });
    const asked = async (): Promise<number> =>
      (await ask(gateways.bound, '/x', { headers: { authorization: `Bearer ${token}` } })).status;
    await eventually(async () => (await asked()) === 503, 1_000, 10);
    await gateways.tell('b', "update binding set state = 'closed'");
    await eventually(async () => (await asked()) === 404, 1_000, 10);
    expect(await asked()).toBe(404);
  });
});

describe('a partner', () => {
  const holding = async (claims: Record<string, unknown>, path = '/x', method = 'GET'): Promise<Answer> => {
    const token = await gateways.issuers.b.token({ client_id: 'client-a', scope: 'mpp', ...claims });
    return await ask(gateways.bound, path, { method, headers: { authorization: `Bearer ${token}` } });
  };

  it('is told in this order why not', async () => {
    expect((await ask(gateways.bound, '/../x')).status).toBe(401);
    expect((await holding({ client_id: 'stranger' }, '/../x')).status).toBe(403);
    expect((await holding({ scope: 'mff' }, '/../x')).headers['www-authenticate']).toContain('insufficient_scope');
    const why = '"client":"stranger of own","why":"the client of the token is no partner of ours"';
    await eventually(() => gateways.log('b').includes(why)); // our operator is asked by the other one
    expect((await holding({}, '/../x')).status).toBe(400);
    await gateways.will('b', 'suspended');
    await eventually(async () => (await holding({}, '/../x')).status === 403, 1_000, 10);
    await gateways.tell('b', "update binding set state = 'closed'");
    await eventually(async () => (await holding({}, '/../x')).status === 404, 1_000, 10);
  });

  it('that has as much under way as it may is told to come again', async () => {
    let waiting = 0;
    const answers: (() => void)[] = [];
    gateways.service = (_req, res) => {
      waiting += 1;
      answers.push(() => void res.end());
    };
    const asked = Array.from({ length: 12 }, async () => (await speak()).status);
    await eventually(() => waiting === 12);
    const more = await holding({});
    expect([more.status, more.headers['retry-after']]).toEqual([429, '1']);
    expect((await speak()).status).toBe(503);
    for (const answer of answers) answer();
    expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
  });

  it('finds the path there, without the service being used; and not where nobody listens', async () => {
    let used = 0;
    gateways.service = (_req, res) => {
      used += 1;
      res.end();
    };
    expect((await ask(gateways.egress, '/.ferry/path')).status).toBe(204);
    expect((await ask(gateways.egress, '/.ferry/else')).status).toBe(503);
    const free = createServer();
    await new Promise<void>((listening) => free.listen(0, `127.${gateways.net}.62.8`, listening));
    const { port } = free.address() as { port: number };
    await new Promise((closed) => free.close(closed));
    await gateways.tell('b', `update offer set endpoint = 'http://127.${gateways.net}.62.8:${port}/'`);
    await eventually(async () => (await ask(gateways.egress, '/.ferry/path')).status === 503, 2_000, 50);
    await gateways.tell('b', `update offer set endpoint = '${gateways.producer}'`);
    expect(used).toBe(0);
  });

  it('may rotate its keys: the next request passes', async () => {
    expect((await speak()).status).toBe(200);
    await gateways.issuers.b.rotate();
    expect((await speak()).status).toBe(200);
  });

  it.each(['cut', 'mute'] as const)('whose wire is %s makes nobody wait longer than he must', async (way) => {
    gateways.wires.b.way = way;
    const begun = performance.now();
    const { status } = await speak();
    expect([503, 504]).toContain(status);
    expect(performance.now() - begun).toBeLessThan(10_000 + 1_000 * busy()); // by a clock that does not go slower where there is much to do
  });

  it('has told where its gateway is, and is not believed where that leads elsewhere', async () => {
    const lead = async (url: string): Promise<unknown> =>
      await gateways.tell('a', `update agreement set capabilities = '{"gateway": "${url}"}'`);
    await lead('http://127.0.0.1:1');
    await eventually(async () => (await speak()).status === 503, 1_000, 10);
    expect(isRefusal(await speak())).toBe(true);
    await lead(gateways.outer('b'));
  });
});

describe('the inside', () => {
  it('of B is nothing that a partner may name, wherever it does', async () => {
    let used = 0;
    gateways.service = (_req, res) => {
      used += 1;
      res.end();
    };
    const inner = `http://127.${gateways.net}.52.1:8080/x`;
    const token = await gateways.issuers.b.token({ client_id: 'client-a', scope: 'mpp' });
    const authorization = `Bearer ${token}`;
    const statuses = [];
    for (const [path, asking] of [
      ['/x', json({ notifyUri: inner })],
      ['/x', json({ callbackReference: [inner] })],
      ['/x', { method: 'POST', body: inner }],
      [`/x?to=${encodeURIComponent(inner)}`, {}],
    ] as const) {
      const headers = { ...('headers' in asking ? asking.headers : {}), authorization };
      statuses.push((await ask(gateways.bound, path, { ...asking, headers })).status);
    }
    expect([statuses, used]).toEqual([[400, 400, 400, 400], 0]);
  });

  it('of A is nowhere where an answer may lead an application', async () => {
    const inner = `http://127.${gateways.net}.2.1:8080/x`;
    gateways.service = (_req, res) => void res.writeHead(307, { location: inner }).end();
    expect((await speak()).status).toBe(502);
    gateways.service = (_req, res) =>
      void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ next: inner }));
    expect((await speak()).status).toBe(502);
  });

  it('is what the service makes, and nothing else is taken away with its binding', async () => {
    const elsewhere = `http://127.${gateways.net}.52.1:8080/app_instances/1`;
    gateways.service = (_req, res) => void res.writeHead(201, { location: elsewhere }).end();
    const callbackReference = gateways.notified.replace('http:', 'HTTP:');
    await ask(gateways.egress, '/subscriptions', json({ callbackReference }));
    const made = (await gateways.tell('b', 'select made from callback')).flatMap((row) => row['made']);
    expect(made).not.toContain(elsewhere);
  });
});

describe('a notification', () => {
  it('comes, however the address was written at which it is awaited', async () => {
    let target = '';
    gateways.service = async (req, res) => {
      const { callbackReference } = (await read(req)) as { callbackReference: string };
      target = callbackReference;
      res.writeHead(204).end();
    };
    const told: (string | undefined)[] = [];
    gateways.application = (req, res) => {
      told.push(req.url);
      res.writeHead(204).end();
    };
    const written = new URL(gateways.notified);
    const callbackReference = `HTTP://${written.hostname}:09000/heard/./at?k=1#part`;
    await ask(gateways.egress, '/subscriptions', json({ callbackReference }));
    expect((await ask(target, '?n=2', json({}))).status).toBe(204);
    expect(told).toEqual(['/heard/at?k=1&n=2']);
  });
});

describe('without its database', () => {
  it.each([
    ['a', 'cut'],
    ['b', 'mute'],
  ] as const)('%s goes on for seconds with what held (%s), and then shuts, streams included', async (side, way) => {
    gateways.service = streams;
    const answer = await fetch(`${gateways.egress}/events`);
    let cutAt = Infinity;
    const cut = answer.text().catch(() => void (cutAt = performance.now()));
    gateways.service = speaks;
    expect((await speak()).status).toBe(200);
    const begun = performance.now();
    gateways.databases[side].way = way;
    let lastAt = begun;
    await eventually(
      async () => {
        const { status } = await speak();
        if (status === 200) lastAt = performance.now();
        return status === 503;
      },
      15_000,
      50,
    );
    await cut;
    for (const at of [lastAt, cutAt]) {
      expect(at - begun).toBeGreaterThan(3_500);
      expect(at - begun).toBeLessThan(7_000 * busy());
    }
    gateways.databases[side].way = 'whole';
    await eventually(async () => (await speak()).status === 200, 20_000);
  });

  it('says whether it is ready', async () => {
    expect((await ask(gateways.inner('a'), '/health/ready')).status).toBe(204);
    gateways.databases.a.way = 'cut';
    expect((await ask(gateways.inner('a'), '/health/ready')).status).toBe(503);
    expect((await ask(gateways.inner('a'), '/health/live')).status).toBe(204);
  });
});

describe('a gateway that is killed', () => {
  it.each(['a', 'b'] as const)('at %s leaves nothing open, and goes on when it is there again', async (side) => {
    let open = 0;
    gateways.service = (req, res) => {
      open += 1;
      res.once('close', () => (open -= 1));
      streams(req, res);
    };
    const answer = await fetch(`${gateways.egress}/events`);
    await gateways.parts[side].kill();
    await expect(answer.text()).rejects.toThrow('terminated');
    await eventually(() => open === 0);
    gateways.parts[side] = await gateways.startGateway(side);
    gateways.service = speaks;
    await eventually(async () => (await speak().catch(() => ({ status: 0 }))).status === 200);
  });

  it('and starts before anybody else carries nothing to an operator that its partner has become meanwhile', async () => {
    await gateways.parts.a.kill();
    await gateways.tell('a', "update agreement set operator = 'operator-z'");
    let heard = 0;
    gateways.service = (req, res) => {
      heard += 1;
      speaks(req, res);
    };
    gateways.parts.a = await gateways.startGateway('a');
    expect(isRefusal(await speak())).toBe(true);
    expect(heard).toBe(0);
    await gateways.tell('a', "update agreement set operator = 'operator-b', ended_at = null");
  });
});
