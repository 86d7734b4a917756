import { describe, expect, it } from 'vitest';
import type { ServiceBinding } from '../../api/service-bindings.ts';
import { FerryClient } from '../../cli/client.ts';
import { Navigation } from '../../cli/devices.ts';
import { Terminal } from '../../cli/terminal.ts';
import { consumption, type ConsumptionReport, wentWell } from '../../cli/tour-consumption.ts';
import { answering, FakeApi } from './fake-api.ts';

const well: ConsumptionReport = {
  service: 'speech',
  operator: 'operator-b',
  outcome: 'open',
  durationMs: 1_200,
  answers: 20,
  lastAnswerAfterSuspensionMs: 110,
  answersAfterResume: 21,
  released: true,
};

describe('the verdict of a consumption', () => {
  it('is well where there were answers, none for long after the suspension, and again after it', () => {
    expect(wentWell(well)).toBe(true);
  });

  it.each([
    ['there was no answer', { answers: 0 }],
    ['an answer came 1.5 s after the suspension', { lastAnswerAfterSuspensionMs: 1_500 }],
    ['it was not suspended', { lastAnswerAfterSuspensionMs: null }],
    ['there was no answer after it', { answersAfterResume: 0 }],
    ['something of it is left', { released: false }],
  ] as const)('is not well where %s', (_, difference) => {
    expect(wentWell({ ...well, ...difference })).toBe(false);
  });
});

// Each watches for seconds what is suspended: side by side
describe.concurrent('a consumption in the tour', () => {
  const ID = 'abcdefghijklmnopqrstuvwxy.0198a1b2-0000-7000-8000-000000000000';
  const binding = {
    id: ID,
    name: 'n1',
    state: 'working',
    step: 'look',
    what: { kind: 'service', name: 'speech' },
    platform: 'a2',
    operator: 'operator-b',
    failure: null,
    why: null,
    leftovers: [],
    durationsMs: {},
    waitingFor: null,
  } as unknown as ServiceBinding;
  const failure = { type: 'NothingFound', step: 'choose', message: 'nobody has it', remedy: 'Ask.' } as const;

  /** Both operators and the control of the sandbox in one: what is not `stages` is as it should be. */
  const consumed = async (stages: readonly Partial<ServiceBinding>[], deaf = false) => {
    const api = await FakeApi.start();
    let [n, answered, suspended, closed, out] = [0, 0, false, false, ''];
    let lastAnswerAt: number | null = null;
    api.answer = (asked, response) => {
      const { method, url } = asked;
      const say = (body: unknown): void => answering(200, body)(asked, response);
      if (url.endsWith('/suspend?direction=serves') || url.endsWith('/resume?direction=serves')) {
        suspended = url.includes('suspend') && !deaf;
        say({});
      } else if (url === '/sandbox/assistant/navigation') {
        if (method === 'GET' && !suspended) [answered, lastAnswerAt] = [answered + 1, Date.now()];
        say({ service: null, answered, lastAnswerAt });
      } else if (url.startsWith('/v1/service-bindings?')) say({ bindings: closed ? [] : [binding], next: null });
      else if (method === 'DELETE') {
        closed = true;
        say({ ...binding, state: 'open' });
      } else if (closed) say({ ...binding, state: 'closed', step: null });
      else say({ ...binding, ...stages[Math.min(n++, stages.length - 1)] });
    };
    const stream = { write: (text: string) => void (out += text) };
    const client = new FerryClient(api.url);
    const report = await consumption({
      ours: { operator: 'operator-a', client },
      others: [{ operator: 'operator-b', client }],
      navigation: new Navigation(api.url),
      terminal: new Terminal(stream, stream),
    });
    await api.stop();
    return { report, out, asked: api.asked };
  };

  const throughout = [
    {},
    { step: 'ask', durationsMs: { look: 100 } },
    { step: 'confirm', durationsMs: { look: 100, ask: 200, choose: 0, tell: 120, announce: 430 } },
    { state: 'open', step: null },
  ] as const;

  it('is shown step by step, suspended, resumed and released, in this order', async () => {
    const { report, out, asked } = await consumed(throughout);
    expect(report).toEqual({
      ...well,
      durationMs: expect.any(Number),
      answers: expect.any(Number),
      lastAnswerAfterSuspensionMs: expect.any(Number),
      answersAfterResume: expect.any(Number),
    });
    expect(wentWell(report)).toBe(true);
    const steps = [...out.matchAll(/✓ ([\d-]+) (\w+)/g)].map(([, numbers, word]) => `${numbers} ${word}`);
    expect(steps).toEqual(['6 look', '8-10 ask', '11 choose', '12 tell', '13-14 announce', '15 see', '15 expose']);
    expect(out).toMatch(/operator-b suspends that: last answer \d+ ms later/);
    expect(out).toMatch(/operator-b resumes it: \d+ answers within/);
    const commands = asked.filter(({ method }) => method !== 'GET').map(({ method, url }) => `${method} ${url}`);
    expect(commands).toEqual([
      'POST /v1/service-bindings',
      'POST /sandbox/assistant/navigation',
      'POST /v1/federations/operator-a/suspend?direction=serves',
      'POST /v1/federations/operator-a/resume?direction=serves',
      'DELETE /sandbox/assistant/navigation',
      `DELETE /v1/service-bindings/${ID}`,
    ]);
  });

  it('is not well where answers go on while it is suspended', async () => {
    const { report } = await consumed(throughout, true);
    expect(report.lastAnswerAfterSuspensionMs).toBeGreaterThan(1_500);
    expect(wentWell(report)).toBe(false);
  });

  it('says why it could not be bound, and asks nobody to suspend what is not there', async () => {
    const durationsMs = { look: 100, choose: 40 };
    const { report, out, asked } = await consumed([
      { state: 'failed', step: null, operator: null, failure, durationsMs },
    ]);
    expect(report).toMatchObject({ outcome: 'failed', operator: null, answers: 0 });
    expect(wentWell(report)).toBe(false);
    expect(out).toContain('✗ 11 choose an offer');
    expect(out).toContain('NothingFound at step choose: nobody has it. Ask.');
    expect(asked).toHaveLength(1);
  });

  it('says what the API refuses', async () => {
    const api = await FakeApi.start();
    api.answer = answering(404, { detail: 'service speech: no partner offers it', status: 404 });
    const stream = { write: () => undefined };
    const client = new FerryClient(api.url);
    const report = await consumption({
      ours: { operator: 'operator-a', client },
      others: [],
      navigation: new Navigation(api.url),
      terminal: new Terminal(stream, stream),
    });
    await api.stop();
    expect(report.outcome).toBe('refused');
    expect(wentWell(report)).toBe(false);
  });
});
