import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type Response } from 'express';
import { consolePage } from '../../api/console.ts';
import type { Evacuation } from '../../api/evacuation.ts';
import type { Hold } from '../../api/hold.ts';
import type { Follower } from '../../api/follower.ts';
import type { Waiting } from '../../api/northbound/table/waiting.ts';
import type {
  ApplicationList,
  ApplicationSeen,
  FederationWith,
  Problem,
  Relocation,
  SiteList,
  WaitingFor,
} from '../../api/resources.ts';
import { actions } from '../../domain/actions.ts';
import { stepNames } from '../../domain/steps.ts';

interface Volume {
  readonly sites: number;
  readonly applications: number;
  readonly moves: number;
}

/** A `/v1` of the size that is asked for, behind the console as the API serves it. For volume, and what seldom comes about. */
export class FakeV1 {
  url = '';
  /** What was commanded or begun. */
  readonly said: unknown[] = [];
  moves: Relocation[];
  sites: SiteList['sites'];
  peers: SiteList['peers'] = {};
  contract: ApplicationSeen['contract'] = null;
  applications: ApplicationList['applications'];
  partners: FederationWith[] = [];
  holds: Hold[] = [];
  evacuations: Evacuation[] = [];
  waiting: Waiting[] = [];
  followers: Follower[] = [];
  temporal = true;
  answersAfterMs = 0;
  /** Connections stand, and nothing is said on any. */
  frozen = false;
  /** So often somebody has come for events. */
  askedEvents = 0;
  plan: object = {};
  /** What commands are answered. */
  refuses: Problem | undefined;
  /** With which ids somebody has come back. */
  readonly resumed: string[] = [];
  readonly #streams = new Set<Response>();
  #n = 1;
  #close = (): void => undefined;

  constructor({ sites, applications, moves }: Volume) {
    this.sites = Array.from({ length: sites }, (_, n) => siteOf(n));
    this.applications = Array.from({ length: applications }, (_, n) => ({
      name: `app-${n}`,
      sites: [placed(this.#siteAt(n * 4), 20 + n, 'all')],
      led: [],
    }));
    this.moves = Array.from({ length: moves }, (_, n) =>
      moveOf(`app-${n % Math.max(1, applications)}`, this.#siteAt(n * 4), this.#siteAt(n * 4 + 3 + (n % 7)), n % 9),
    );
  }

  #siteAt(n: number): string {
    return this.sites[n % Math.max(1, this.sites.length)]?.name ?? '';
  }

  async start(): Promise<void> {
    const served = express()
      .use(({ path }, _res, next) => {
        if (path === '/v1/events') this.askedEvents += 1;
        if (!this.frozen) next();
      })
      .use(consolePage())
      .use(express.json())
      .get('/v1/sites', (_req, res) => void res.json({ sites: this.sites, peers: this.peers }))
      .get('/v1/applications', (_req, res) => void res.json({ applications: this.applications }))
      .get('/v1/applications/:name', (req, res) => {
        const found = this.applications.find(({ name }) => name === req.params.name);
        res.json({ ...found, contract: this.contract });
      })
      .get('/v1/events', (req, res) => {
        res.type('text/event-stream').flushHeaders();
        this.#streams.add(res);
        res.once('close', () => this.#streams.delete(res));
        const read = req.get('last-event-id');
        if (read === undefined) this.anew(res);
        else this.resumed.push(read);
      })
      .post('/v1/relocations/:id/:action', (req, res) => {
        if (this.refuses === undefined) this.said.push(`${req.params.action} ${req.params.id}`);
        if (req.params.action === 'recover') this.said.push(req.body);
        const answer = JSON.stringify(this.moves.find(({ id }) => id === req.params.id));
        // It is on its way while something later is told
        if (this.refuses === undefined) setTimeout(() => res.type('json').send(answer), this.answersAfterMs);
        else res.status(409).json(this.refuses);
      })
      .post('/v1/holds', (req, res) => {
        this.said.push({ hold: req.body as unknown });
        res.json(holdOf((req.body as Hold).site, (req.body as Hold).why));
      })
      .delete('/v1/holds/:site', (req, res) => {
        this.said.push(`reopen ${req.params.site}`);
        res.json(holdOf(req.params.site));
      })
      .post('/v1/evacuations', (req, res) => {
        this.said.push({ empty: req.body as unknown });
        res.status(202).json(evacuationOf((req.body as { site: string }).site));
      })
      .patch('/v1/evacuations/:id', (req, res) => {
        this.said.push({ resize: req.body as unknown });
        res.json({ ...this.evacuations[0], ...(req.body as object) });
      })
      .post('/v1/evacuations/:id/:action', (req, res) => {
        this.said.push(`${req.params.action} ${req.params.id}`);
        res.json({ ...this.evacuations[0], state: 'cancelling', actions: [] });
      })
      .post(['/v1/fences/:id/:action', '/v1/anchors/:id/:action'], (req, res) => {
        this.said.push(req.path);
        if (this.refuses === undefined) res.json({});
        else res.status(409).json(this.refuses);
      })
      .post('/v1/plans', (req, res) => {
        this.said.push({ plan: req.body as unknown });
        res.json({ ...possible, ...this.plan });
      })
      .post('/v1/relocations', (req, res) => {
        const { application, source, target } = req.body as Relocation['request'];
        this.said.push({ start: req.body as unknown });
        res.status(202).json(moveOf(application, source, target, 0));
      });
    const server = served.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#close = () => {
      server.close();
      server.closeAllConnections();
    };
  }

  stop(): void {
    this.#close();
  }

  anew(to: Response): void {
    this.tell('anew', {}, [to]);
    for (const move of this.moves) this.tell('relocation', move, [to]);
    for (const partner of this.partners) this.tell('federation', partner, [to]);
    for (const hold of this.holds) this.tell('hold', hold, [to]);
    for (const evacuation of this.evacuations) this.tell('evacuation', evacuation, [to]);
    for (const one of this.waiting) this.tell('waiting', one, [to]);
    for (const follower of this.followers) this.tell('follower', follower, [to]);
    this.sources([to]);
  }

  sources(to: Iterable<Response> = this.#streams): void {
    const since = new Date().toISOString();
    const detail = this.temporal ? null : 'temporal does not answer as it should';
    this.tell('sources', { temporal: { answers: this.temporal, since, detail }, catalogue: null }, to);
  }

  /** Stands as if it had been told so. */
  change(move: Relocation, change: Partial<Relocation>): void {
    Object.assign(move, change);
    this.tell('relocation', move);
  }

  tell(event: string, data: object, to: Iterable<Response> = this.#streams): void {
    const text = `id: ${(this.#n += 1)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of to) stream.write(text);
  }

  /** As when the API is started again. */
  breakOff(): void {
    for (const stream of this.#streams) stream.end();
  }
}

const possible = {
  direction: 'cloudToMec',
  possible: true,
  obstacles: [],
  package: 'kept',
  instance: 'create',
  subscriptions: 3,
  steering: ['counter.edge.test, observed from vantage-cellular'],
  observed: true,
  guarantee: 'zeroLoss',
  confirmation: false,
  expectedFreezeMs: 5,
  drainMs: 2_000,
};

const siteOf = (n: number): SiteList['sites'][number] =>
  n < 2
    ? { name: `cloud-${n}`, kind: 'cloud', system: null, network: null, peers: {} }
    : { name: `host-${n}`, kind: 'mecHost', system: `system-${n % 6}`, network: `network-${n % 3}`, peers: {} };

export const placed = (site: string, users: number, serves: 'all' | 'some' | 'nobody') => ({
  site,
  detail: null,
  instances: [{ id: randomUUID(), state: 'started' as const, serves, users, promisedTo: null, detail: null }],
});

export function moveOf(application: string, source: string, target: string, at: number): Relocation {
  const id = `${randomUUID()}.${randomUUID()}`;
  const now = new Date().toISOString();
  return {
    id,
    request: { application, source, target, users: '*', cutOver: 'immediately' },
    direction: 'hostToHost',
    state: 'working',
    step: stepNames[at] ?? 'check',
    since: now,
    asked: null,
    startedAt: now,
    endedAt: null,
    waitingFor: null,
    actions: [...actions].slice(0, 1),
    durationsMs: {},
    outcome: null,
    result: null,
    links: { self: `/v1/relocations/${id}`, events: `/v1/relocations/${id}/events`, temporal: null },
  };
}

export const holdOf = (site: string, why = ''): Hold => ({
  site,
  why,
  since: new Date().toISOString(),
  links: { self: `/v1/holds/${site}` },
});

export function evacuationOf(site: string): Evacuation {
  const id = `${site}.${randomUUID()}`;
  return {
    id,
    request: { site, among: ['a2'], window: 50, perUser: false },
    returns: null,
    state: 'working',
    window: 50,
    startedAt: new Date().toISOString(),
    endedAt: null,
    counts: { total: 100, moved: 40, failed: 2, underWay: 8, resting: 0, left: 50 },
    failures: [],
    waitingFor: waitsFor('40 of 100 moved'),
    actions: ['pause', 'cancel'],
    outcome: null,
    links: { self: `/v1/evacuations/${id}`, relocations: `/v1/relocations?evacuation=${id}`, temporal: null },
  };
}

export const waitsFor = (what: string, lastFailure: string | null = null): WaitingFor => ({
  what,
  since: new Date().toISOString(),
  until: null,
  attempt: 1,
  nextAt: null,
  lastFailure,
  call: '',
});

/** One that waits for a person and is no relocation. */
export function waitingOf(kind: Waiting['kind'], about: string, more: Partial<Waiting> = {}): Waiting {
  const id = `${randomUUID()}.${randomUUID()}`;
  const self = `/v1/${kind}s/${id}`;
  return {
    kind,
    id,
    about,
    state: 'parked',
    waitingFor: waitsFor('an operator'),
    actions: [],
    links: { self, temporal: null },
    ...more,
  };
}

export function followerOf(application: string, user: string, more: Partial<Follower> = {}): Follower {
  const id = randomUUID();
  return {
    id,
    request: {
      application,
      user,
      among: ['a1', 'w1'],
      staySeconds: 10,
      holdSeconds: 60,
      perHour: 12,
      lookSeconds: 600,
    },
    state: 'waiting',
    network: 'cellular',
    since: new Date().toISOString(),
    site: 'a1',
    dueAt: null,
    moves: 3,
    relocation: null,
    anchor: null,
    trouble: null,
    startedAt: new Date().toISOString(),
    endedAt: null,
    result: null,
    links: { self: `/v1/followers/${id}`, temporal: null },
    ...more,
  };
}
