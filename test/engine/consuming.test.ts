import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { brokenAt } from '../../catalogue/ledger.ts';
import { want } from '../../catalogue/wills.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import { Consuming, platformWith, request } from '../support/consuming.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { Heard } from '../support/faulty-server.ts';

/** A consumption between two federators (GR MEC 035, 6.5.3), over a real engine, a real catalogue and real sockets. */
let engine: Engine;
let world: Consuming;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine?.stop());
beforeEach(async () => {
  world = await Consuming.set(engine);
});
afterEach(async () => await world?.strike());

const nothing = { announced: [], decisions: [], services: 0 };
const is = (method: string, path: RegExp) => (each: Heard) => each.method === method && path.test(each.path);
/** The calls that have an effect, as whoever they are asked of has them. */
const effects = {
  'tell the orchestrator': is('PUT', /\/decisions\//),
  announce: is('PUT', /\/bindings\//),
  'observe the path': is('GET', /\.ferry\/path$/),
  expose: is('POST', /\/services$/),
} as const;

describe('a consumption', () => {
  it('of what has to be asked for costs 47 events, and of what is known 41', async () => {
    await world.over(async ({ consume }) => {
      const first = await consume();
      await expect(first.result()).resolves.toMatchObject({
        outcome: 'open',
        failure: null,
        operator: 'operator-b',
        asked: [{ partner: 'b', said: 'answered', found: 1 }],
        tried: 1,
        leftovers: [],
      });
      expect((await first.fetchHistory()).events).toHaveLength(47);
      const again = await consume({ ...request, forApplication: 'navigation' });
      await expect(again.result()).resolves.toMatchObject({ outcome: 'open', asked: [] });
      expect((await again.fetchHistory()).events).toHaveLength(41);
    });
  });

  it('tells the orchestrator, the partner and the platform, in that order, and counts in the ledger', async () => {
    await world.over(async ({ consume }) => await (await consume()).result());
    const [row] = await world.rows();
    const name = row?.name ?? '';
    expect(row).toMatchObject({ state: 'open', side: 'consumer', offer_name: 'speech', operator: 'operator-b' });
    expect(world.left).toEqual({ announced: [name], decisions: [name], services: 1 });
    expect(world.decisions.get(name)).toMatchObject({ role: 'consumer', platform: 'a2', operator: 'operator-b' });
    const [service] = [...world.services.values()];
    expect(service).toMatchObject({
      serName: 'speech',
      state: 'ACTIVE',
      isLocal: false,
      transportInfo: { id: name, type: 'REST_HTTP', endpoint: { uris: [`${world.ours.url}/s/${row?.path_secret}`] } },
    });
    expect(row?.exposed_as).toBe(service?.['serInstanceId']);
    await expect(brokenAt(world.own.catalogue, 'b')).resolves.toBeNull();
    const kinds = await world.own.catalogue.selectFrom('ledger').select('kind').orderBy('n').execute();
    expect(kinds.map(({ kind }) => kind)).toEqual(['asked', 'announced', 'opened']);
  });

  it('leaves no endpoint, secret, context or address in the history', async () => {
    await world.over(async ({ consume }) => {
      const handle = await consume();
      await handle.result();
      const told = historyToJSON(await handle.fetchHistory());
      const [row] = await world.rows();
      for (const secret of [row?.path_secret, world.partner.context, world.ours.url, world.partner.url, '127.0.0.1'])
        expect(told).not.toContain(secret);
    });
  });

  it('that nobody offers is told so, and nobody is told of it', async () => {
    world.platforms = [];
    await world.over(async ({ consume }) => {
      await expect((await consume()).result()).resolves.toMatchObject({
        outcome: 'refused',
        failure: { type: 'NothingFound', step: 'choose' },
        tried: 0,
      });
    });
    expect(world.left).toEqual(nothing);
  });

  it('of what gateways do not carry is refused before anybody is told', async () => {
    world.platforms = [platformWith([{ transport: 'MB_PUBSUB' }])];
    await world.over(async ({ consume }) => {
      await expect((await consume()).result()).resolves.toMatchObject({ failure: { type: 'NotCarried' } });
    });
    expect(world.left).toEqual(nothing);
  });

  it('takes the next one where the best is refused, with nothing left of that', async () => {
    world.platforms = [
      platformWith([{ latencyMs: 1, offer: '00000000-0000-4000-8000-000000000001' }]),
      platformWith([{ latencyMs: 9 }]),
    ];
    world.before = ({ path, json }) =>
      path.includes('/bindings/') && json['offer'] === '00000000-0000-4000-8000-000000000001'
        ? { status: 409, json: { title: 'no' } }
        : undefined;
    await world.over(async ({ consume }) => {
      await expect((await consume()).result()).resolves.toMatchObject({ outcome: 'open', tried: 2 });
    });
    expect(world.left).toMatchObject({ announced: [expect.any(String)], decisions: [expect.any(String)], services: 1 });
    expect((await world.rows()).map(({ state }) => state).toSorted()).toEqual(['closed', 'open']);
  });

  it.each(Object.entries(effects))('that fails where it has to %s leaves nothing anywhere', async (_, effect) => {
    world.before = (each) => (effect(each) ? { status: 403, json: { title: 'no' } } : undefined);
    await world.over(async ({ consume }) => {
      const result = await (await consume()).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', leftovers: [] });
      expect(result.failure?.type).toMatch(/DecisionRefused|PeerRejected|PathNotOpen/);
    });
    expect(world.left).toEqual(nothing);
    expect((await world.rows()).every(({ state }) => state === 'closed')).toBe(true);
  });

  /** Carried out by whoever is asked, who says the contrary. */
  const carriedOut: Partial<Record<keyof typeof effects, (each: Heard) => void>> = {
    'tell the orchestrator': ({ path, json }) => world.decisions.set(path.split('/').at(-1) ?? '', json),
    announce: ({ path, json }) => world.announced.set(path.split('/').at(-1) ?? '', String(json['offer'])),
    expose: ({ json }) => world.services.set('of-nobody', { ...json, serInstanceId: 'of-nobody' }),
  };
  it.each(Object.entries(carriedOut))(
    'that is refused where it has to %s, and done, leaves nothing anywhere',
    async (what, carryOut) => {
      const effect = effects[what as keyof typeof effects];
      world.before = (each) => {
        if (!effect(each)) return undefined;
        carryOut(each);
        return { status: 403, json: { title: 'no' } };
      };
      await world.over(async ({ consume }) => {
        await expect((await consume()).result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
      });
      expect(world.left).toEqual(nothing);
    },
  );

  it.each(Object.entries(effects))('is done once where the answer to %s is lost', async (_, effect) => {
    let lost = false;
    world.before = (each) => {
      if (lost || !effect(each)) return undefined;
      lost = true;
      const server = each.path.includes('/bindings/') ? world.partner.server : world.ours;
      server.loseAnswer(`${each.method} ${each.path}`, 'reset');
      return undefined;
    };
    await world.over(async ({ consume }) => {
      await expect((await consume()).result()).resolves.toMatchObject({ outcome: 'open', tried: 1 });
    });
    expect(lost).toBe(true);
    expect(world.ours.count(/^POST .*\/services$/)).toBe(1); // a platform that lost its answer is looked at
    expect(world.left).toMatchObject({ announced: [expect.any(String)], decisions: [expect.any(String)], services: 1 });
  });

  it('that two attempts have exposed at the same time is exposed once in the end', async () => {
    world.before = (each) => {
      if (effects.expose(each)) world.services.set('of-another', { ...each.json, serInstanceId: 'of-another' });
      return undefined;
    };
    await world.over(async ({ consume }) => {
      await expect((await consume()).result()).resolves.toMatchObject({ outcome: 'open' });
    });
    const [kept, ...more] = world.services.keys();
    expect(more).toEqual([]);
    expect(await world.rows()).toMatchObject([{ exposed_as: kept }]);
  });

  it.each(Object.entries(effects))('that is cancelled while it is about to %s is undone', async (_, effect) => {
    let cancel: (() => Promise<unknown>) | undefined;
    let met = false;
    world.before = (each) => {
      if (!effect(each)) return undefined;
      if (!met) void cancel?.();
      met = true;
      return { status: 503 };
    };
    await world.over(async ({ consume }) => {
      const handle = await consume();
      cancel = async () => await handle.cancel();
      await expect(handle.result()).resolves.toMatchObject({ failure: { type: 'Cancelled' }, leftovers: [] });
    });
    expect(world.left).toEqual(nothing);
  });

  it('is rolled back where our operator suspends the partner in the middle', async () => {
    world.before = (each) => {
      if (effects['tell the orchestrator'](each))
        void want(world.own.catalogue, { partner: 'b', direction: 'uses', ours: 'suspended', why: 'test' });
      return effects.announce(each) ? { status: 503 } : undefined;
    };
    await world.over(async ({ consume }) => {
      await expect((await consume()).result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'FederationSuspended' },
      });
    });
    expect(world.left).toEqual(nothing);
  });

  it('whose undo fails says what is left', async () => {
    world.pathIsOpen = false;
    world.before = (each) => (is('DELETE', /\/decisions\//)(each) ? { status: 503 } : undefined);
    await world.over(async ({ consume }) => {
      await expect((await consume()).result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        leftovers: ['retractDecision'],
      });
    });
  });
});

describe('an admission', () => {
  it('tells our orchestrator, lets the partner through, and costs 17 events', async () => {
    const binding = await world.announcedToUs();
    await world.over(async ({ admit }) => {
      const handle = await admit(binding);
      await handle.result();
      expect((await handle.fetchHistory()).events).toHaveLength(17);
    });
    expect(world.decisions.get('n1')).toMatchObject({ role: 'producer', platform: 'a2', operator: 'operator-b' });
    await expect(world.rows()).resolves.toMatchObject([{ state: 'open', upstream: world.ours.url }]);
  });

  it('that our orchestrator refuses closes the row, and leaves nothing', async () => {
    const binding = await world.announcedToUs();
    world.before = (each) =>
      effects['tell the orchestrator'](each) ? { status: 403, json: { title: 'no' } } : undefined;
    await world.over(async ({ admit }) => await (await admit(binding)).result());
    await expect(world.rows()).resolves.toMatchObject([{ state: 'closed', told: false }]);
    expect(world.left).toEqual(nothing);
  });

  it('that is given up in the middle takes back what it has told', async () => {
    const binding = await world.announcedToUs();
    world.before = (each) => {
      if (!effects['tell the orchestrator'](each)) return undefined;
      world.decisions.set(each.path.split('/').at(-1) ?? '', each.json);
      return { status: 503 }; // heard, and not answered
    };
    await world.over(async ({ admit }) => {
      const handle = await admit(binding);
      await eventually(() => world.decisions.size > 0);
      await handle.cancel();
      await handle.result();
    });
    await expect(world.rows()).resolves.toMatchObject([{ state: 'closed', told: false }]);
    expect(world.left).toEqual(nothing);
  });
});

describe('a release', () => {
  it('takes everything away, costs 23 events, and does no harm twice', async () => {
    await world.over(async ({ consume, release: releaseOf }) => {
      await (await consume()).result();
      const [row] = await world.rows();
      const release = async () => await releaseOf(row?.id ?? '');
      const handle = await release();
      await expect(handle.result()).resolves.toEqual({ leftovers: [] });
      expect((await handle.fetchHistory()).events).toHaveLength(23);
      expect(world.left).toEqual(nothing);
      await expect((await release()).result()).resolves.toEqual({ leftovers: [] });
      await expect(world.rows()).resolves.toMatchObject([
        { state: 'closed', why: 'released', told: false, exposed_as: null },
      ]);
      const lines = world.own.catalogue
        .selectFrom('ledger')
        .select(['kind', 'role'])
        .where('key', '=', row?.name ?? '');
      const role = 'asked';
      expect(await lines.orderBy('n').execute()).toEqual([
        { kind: 'announced', role },
        { kind: 'opened', role },
        { kind: 'closed', role },
      ]);
      const again = await consume();
      await expect(again.result()).resolves.toMatchObject({ outcome: 'open' });
      await eventually(() => world.services.size === 1);
    });
  });
});
