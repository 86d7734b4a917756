import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { atOnce } from '../../domain/at-once.ts';
import { undos, type UndoName } from '../../domain/steps.ts';
import { Undoing } from '../../domain/undoing.ts';
import { Brought } from '../../workflows/relocation/brought.ts';
import { busy } from '../support/busy.ts';
import { PlayedTarget } from '../support/played-target.ts';

/**
 * What a peer may answer instead of an answer, from some step on and ever after, also on the way back. However it does:
 * what is not undone is known to be left, and is undone once the peer is well again.
 */
const reply =
  (status: number, text = '', type = 'application/json', headers: Record<string, string> = {}) =>
  (res: ServerResponse): void =>
    void res.writeHead(status, { 'content-type': type, ...headers }).end(text);

const raw = (text: string) => (res: ServerResponse) => {
  res.socket?.end(text);
};

const forms: Readonly<Record<string, (res: ServerResponse) => void>> = {
  'JSON that ends too early': reply(200, '[{"id":"i1"'),
  'JSON of another kind': reply(200, '42'),
  null: reply(200, 'null'),
  nothing: reply(200),
  'no content': reply(204),
  'an empty list': reply(200, '[]'),
  'an empty object': reply(200, '{}'),
  'members of wrong types': reply(
    200,
    JSON.stringify({ id: 5, operationState: [], instantiationState: {}, dnsRuleId: null, trafficRuleId: 1, _links: 7 }),
  ),
  'a list of wrong types': reply(200, '[null, 5, "x", {"id":{}}, []]'),
  'what belongs to another': reply(
    200,
    JSON.stringify({
      id: 'other',
      operationState: 'COMPLETED',
      instantiationState: 'NOT_INSTANTIATED',
      state: 'ACTIVE',
      dnsRuleId: 'other',
      domainName: 'x',
      ipAddress: '10.9.9.9',
      trafficRuleId: 'other',
      trafficFilter: [],
    }),
  ),
  'a state that nobody knows': reply(200, '{"id":"i1","operationState":"DREAMING","instantiationState":"DREAMING"}'),
  'names of prototypes': reply(200, '{"__proto__":{"id":"i1"},"constructor":"x","id":"__proto__"}'),
  'depth without end': reply(200, '['.repeat(50_000)),
  HTML: reply(200, '<html><body>Welcome</body></html>', 'text/html'),
  'a login page': reply(302, '', 'text/html', { location: 'http://login.example/' }),
  'a redirect in circles': reply(307, '', 'text/html', { location: '?again' }),
  'a redirect to elsewhere': reply(308, '', 'text/html', { location: 'http://192.0.2.1/' }),
  'what is no gzip': reply(200, 'plain', 'application/json', { 'content-encoding': 'gzip' }),
  'no HTTP': raw('SSH-2.0-OpenSSH_9.6\r\n\r\n'),
  'a body that is cut': (res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' }).write('[{"id":');
    setImmediate(() => res.destroy());
  },
  'a connection that is cut': (res) => void res.destroy(),
  silence: () => undefined,
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 429, 500, 501, 503].map((status) => [
      String(status),
      reply(status, '{"detail":"no"}', 'application/problem+json'),
    ]),
  ),
  '404 without a word': reply(404),
};

/** What is asked at the target, and the step from which on it is answered in its form. */
const questions = {
  'the list of instances': ['instantiateTarget', /^GET .*\/app_instances$/],
  'the instance': ['instantiateTarget', /^GET .*\/app_instances\/[^/]+$/],
  'the list of operations': ['instantiateTarget', /^GET .*\/app_lcm_op_occs$/],
  'the operation': ['instantiateTarget', /^GET .*\/app_lcm_op_occs\/[^/]+$/],
  'the list of instances, later': ['copyAhead', /^GET .*\/app_instances$/],
  'the list of rules': ['copyAhead', /^GET .*\/(dns|traffic)_rules$/],
  'a rule': ['switchPath', /^GET .*\/(dns|traffic)_rules\/[^/]+$/],
  'the list of subscriptions': ['copyAhead', /^GET .*\/subscriptions$/],
  'a subscription': ['copyAhead', /^GET .*\/subscriptions\/[^/]+$/],
} as const;

type Step = 'instantiateTarget' | 'copyAhead' | 'switchPath';

/** A run's way there and back, as the workflow has it: up to step 5, and if nothing fails before, cancelled then. */
class Run {
  /** Why an undo failed. */
  readonly reasons: string[] = [];
  readonly #undoing = new Undoing();
  readonly #undos = new Map<string, () => Promise<void>>();
  readonly #activities: ReturnType<typeof relocationActivities>;
  readonly #patienceMs = 1_500 * busy();

  constructor(world: PlayedTarget) {
    const pace = { ...Pace.parse({}), pollMs: 5, stepMs: 100 * busy(), operationMs: 200 * busy(), attemptMs: 100 };
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 25);
    this.#activities = relocationActivities({ catalogue: world, pace, digest, turns: takingTurns() });
  }

  async there(begins: (step: Step) => void): Promise<void> {
    const subject = {
      chain: 'relocation:one/first',
      application: 'counter',
      users: '*',
      source: 'cloud',
      target: 'a1',
    };
    const brought = new Brought();
    const { releasePromise, removeTarget, deleteCopies, switchBack, ...steps } = this.#activities;
    const late = { calmAt: 0 };

    this.#register('releasePromise', async () =>
      this.#once(releasePromise, { ...subject, from: brought.from, to: brought.to }),
    );
    const checked = await this.#tried(steps.checkRelocation, { ...subject, maxInterruptionMs: null, own: null });
    const { from } = brought.found(checked);
    const { there } = brought;

    begins('instantiateTarget');
    this.#register('removeTarget', async () =>
      this.#once(removeTarget, { ...subject, there, to: brought.to, own: brought.own, ...late }),
    );
    const start = brought.keeping(async () => await this.#tried(steps.instantiateTarget, { ...subject, from, there }));
    const { to } = await start();

    begins('copyAhead');
    const both = { ...subject, from, to };
    this.#register('deleteCopies', async () =>
      this.#once(deleteCopies, { ...both, made: brought.made, before: brought.before, ...late }),
    );
    const copy = brought.keeping(async () => await this.#tried(steps.copyAhead, { ...both, made: [], turns: null }));
    const { turns } = await copy();

    begins('switchPath');
    this.#register('switchBack', async () => this.#once(switchBack, { ...subject, turns, ...late }));
    await this.#tried(steps.switchPath, { ...both, turns });
  }

  /** What is left after each undo was tried once. */
  async back(): Promise<readonly string[]> {
    this.#undoing.again();
    for (let undo = this.#undoing.next(); undo !== undefined; undo = this.#undoing.next()) {
      try {
        await this.#undos.get(undo)?.();
        this.#undoing.succeeded(undo);
      } catch (error) {
        if (!(error instanceof ApplicationFailure)) throw error;
        this.#undoing.failed(undo);
        this.reasons.push(error.message);
      }
    }
    return this.#undoing.left;
  }

  #register(undo: UndoName, back: () => Promise<void>): void {
    this.#undos.set(undo, back);
    this.#undoing.add(undo, undos[undo].after);
  }

  async #once<A, R>(step: (order: A) => Promise<R>, order: A): Promise<R> {
    return await this.#tried(step, order, 1);
  }

  async #tried<A, R>(step: (order: A) => Promise<R>, order: A, attempts = 2): Promise<R> {
    let heartbeatDetails: unknown;
    for (let attempt = 1; ; attempt += 1) {
      const environment = new MockActivityEnvironment({
        attempt,
        heartbeatDetails,
        startToCloseTimeoutMs: this.#patienceMs,
        scheduleToCloseTimeoutMs: this.#patienceMs * 10,
      });
      environment.on('heartbeat', (details: unknown) => {
        heartbeatDetails = details;
      });
      try {
        return await environment.run<[A], R, typeof step>(step, order);
      } catch (error) {
        if (attempt === attempts || !(error instanceof ApplicationFailure) || error.nonRetryable === true) throw error;
      }
    }
  }
}

/** What is wrong; undefined: nothing. */
async function played(step: Step, call: RegExp, form: (res: ServerResponse) => void): Promise<string | undefined> {
  const world = await PlayedTarget.open();
  try {
    const before = world.left();
    const different = (): string | undefined =>
      isDeepStrictEqual(world.left(), before) ? undefined : JSON.stringify(world.left()).slice(0, 200);
    const run = new Run(world);
    await run
      .there((begun) => {
        if (begun === step) world.broken = { call, form };
      })
      .catch((error: unknown) => {
        if (!(error instanceof ApplicationFailure)) throw error;
      });
    const left = await run.back();
    if (world.asked === 0) return 'it was never asked';
    const now = different();
    if (left.length === 0 && now !== undefined) return `it is said to be undone, and is ${now}`;
    world.broken = null;
    for (let again = 0; again < 3 && (await run.back()).length > 0; ) again += 1;
    const last = await run.back();
    const then = different();
    if (last.length > 0)
      return `the peer is well again, and still to be undone is ${last.join()}: ${run.reasons.at(-1)}`;
    return then === undefined ? undefined : `the peer is well again, and left is ${then}`;
  } finally {
    await world.close();
  }
}

describe('whatever a peer answers, and goes on answering on the way back, what is left is known and undone in the end', () => {
  it.each(Object.entries(questions))('asked for %s', { timeout: 60_000 * busy() }, async (_, [step, call]) => {
    const wrong: Record<string, string> = {};
    await atOnce(4, Object.entries(forms), async ([name, form]) => {
      const what = await played(step, call, form);
      if (what !== undefined) wrong[name] = what;
    });
    expect(wrong).toEqual({});
  });
});
