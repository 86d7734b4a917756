import { expect, it } from 'vitest';
import type { ServiceBinding } from '../../../api/service-bindings.ts';
import { busy } from '../../support/busy.ts';
import { comes } from '../../support/joined.ts';
import { pair } from '../../support/joined-pair.ts';
import { type Operator, urlOf } from '../../support/pair.ts';

/** Operator B's services at a platform of operator A, settled by their two Ferrys (GR MEC 035, 6.5.3), and all that follows. */

interface Navigation {
  readonly service: string | null;
  readonly answered: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly lastAnswerAt: number | null;
}

const navigation = async (): Promise<Navigation> => (await pair.sandbox('/assistant/navigation')) as Navigation;

async function ask(operator: Operator, method: string, path: string, body?: object) {
  const answer = await fetch(`${urlOf(operator)}${path}`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return {
    status: answer.status,
    body: (await answer.json()) as ServiceBinding & { readonly bindings: ServiceBinding[] },
  };
}

const a2 = { system: 'cellular', platform: 'a2' };
const speech = { ...a2, what: { kind: 'service', name: 'speech' } };

async function bound(request: object): Promise<ServiceBinding> {
  const { body } = await ask(pair.a, 'POST', '/v1/service-bindings?waitSeconds=30', request);
  return await comes(
    async () => (await ask(pair.a, 'GET', `/v1/service-bindings/${body.id}`)).body,
    ({ state }) => state !== 'working',
  );
}

const released = async ({ id }: ServiceBinding): Promise<void> => {
  expect((await ask(pair.a, 'DELETE', `/v1/service-bindings/${id}`)).status).toBe(202);
  await comes(left, (is) => Object.values(is).every((count) => count === 0));
};

/** What of all consumptions somebody still has. */
async function left() {
  const count = async (operator: Operator): Promise<number> =>
    (await pair.rows(operator, "select from binding where state <> 'closed'")).length;
  type Seen = { decisions?: object; services?: { isLocal: boolean }[] };
  const { peers } = (await pair.sandbox('/state')) as { peers: Record<string, Seen> };
  const [a, b] = [peers['meo-cellular'], peers['meo-metro']];
  const exposed = (peers['platform-a2']?.services ?? []).filter(({ isLocal }) => !isLocal);
  return {
    rowsOfA: await count(pair.a),
    rowsOfB: await count(pair.b),
    decisionsOfA: Object.keys(a?.decisions ?? {}).length,
    decisionsOfB: Object.keys(b?.decisions ?? {}).length,
    exposed: exposed.length,
  };
}

export function using(): void {
  let binding: ServiceBinding;

  it('is settled by the two Ferrys, and an application that knows its platform alone is answered', async () => {
    await comes(
      async () => (await ask(pair.b, 'GET', '/v1/offers?name=speech')).status,
      (status) => status === 200,
    );
    binding = await bound(speech);
    expect(binding).toMatchObject({ state: 'open', operator: 'operator-b', failure: null });
    expect(await left()).toEqual({ rowsOfA: 1, rowsOfB: 1, decisionsOfA: 1, decisionsOfB: 1, exposed: 1 });
    await pair.sandbox('/assistant/navigation', 'POST', { perSecond: 20 });
    await comes(navigation, ({ answered }) => answered >= 20);
  });

  it('is the same where it is asked for again', async () => {
    expect(await ask(pair.a, 'POST', '/v1/service-bindings', speech)).toMatchObject({
      status: 200,
      body: { id: binding.id },
    });
  });

  it('stops within a second and a half of the suspension by whoever serves, and goes on after it', async () => {
    const before = Date.now();
    await ask(pair.b, 'POST', '/v1/federations/operator-a/suspend?direction=serves');
    await comes(navigation, ({ lastAnswerAt }) => Date.now() - (lastAnswerAt ?? 0) > 2_500);
    const { lastAnswerAt, answered } = await navigation();
    expect((lastAnswerAt ?? 0) - before).toBeLessThan(1_500 * busy());
    await ask(pair.b, 'POST', '/v1/federations/operator-a/resume?direction=serves');
    await comes(navigation, (now) => now.answered > answered + 20);
  });

  it('is released with nothing left at anybody', async () => {
    await released(binding);
    await comes(navigation, ({ service }) => service === null);
    const kinds = await pair.rows(pair.a, "select units from ledger where kind = 'closed'");
    expect(kinds).toMatchObject([{ units: { requests: expect.any(Number), bytes: expect.any(Number) } }]);
  });

  it('carries a service of a platform too', async () => {
    const rnis = await bound({ ...a2, what: { kind: 'service', name: 'RNIS' } });
    expect(rnis).toMatchObject({ state: 'open', operator: 'operator-b' });
    await released(rnis);
  });

  it('that nobody offers is told so, and asks no partner twice at once', async () => {
    const { status, body } = await ask(pair.a, 'POST', '/v1/service-bindings?waitSeconds=30', {
      ...a2,
      what: { kind: 'service', name: 'teleport' },
    });
    expect(status === 404 || body.failure?.type === 'NothingFound').toBe(true);
  });
}
