import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { UpReport } from '../../cli/up.ts';
import { together } from '../support/memory.ts';
import { boundIn, claimNetwork, portsOf } from '../support/network.ts';
import { busy } from '../support/busy.ts';
import { callsIn, distinct, unpublished } from '../support/published.ts';
import { isFree, Up } from '../support/up.ts';

/** `ferry up --tour --exit --json`, once, as a person starts it; every test looks at what came of it. */
const { net: NET } = await claimNetwork();
const LIMIT_MS = 180_000;
const kinds = ['clamping', 'keeping', 'resolving'];

const data = mkdtempSync(join(tmpdir(), 'ferry-tour-'));
let [port, tookMs, met, needed] = [0, 0, 0, 0];
let run: Up;
let exited: string;

beforeAll(async () => {
  [port] = await portsOf(NET);
  const options = [
    '--tour',
    '--exit',
    '--topology',
    'pair',
    '--net',
    String(NET),
    '--port',
    String(port),
    '--data',
    data,
  ];
  const begun = performance.now();
  run = new Up(options, { FERRY_LOG_LEVEL: 'debug' });
  const meeting = setInterval(() => (met = Math.max(met, run.meet().length)), 250);
  const weighing = setInterval(() => (needed = Math.max(needed, together(run.meet()))), 2_000);
  exited = await run.exited;
  for (const timer of [meeting, weighing]) clearInterval(timer);
  tookMs = performance.now() - begun;
}, LIMIT_MS * busy());

afterAll(async () => {
  await run.end();
  rmSync(data, { recursive: true, force: true });
});

const report = (): UpReport => JSON.parse(run.out.trimEnd().split('\n').at(-1) ?? '') as UpReport;

it('ends with status 0, in less than three minutes, and a report in one line', () => {
  expect(`${exited}${exited === 'status 0' ? '' : run.err}`).toBe('status 0');
  expect(tookMs).toBeLessThan(LIMIT_MS * busy());
  expect(report().ok).toBe(true);
  expect(run.out.trimEnd().split('\n')).toHaveLength(1);
});

it('has moved the application within 20 s, and says what that was spent on; other operators are waited for afterwards', () => {
  const { firstMoveMs, start } = report();
  const of = (name: string) => start.phases.find(({ phase }) => phase === name);
  for (const phase of ['Temporal dev server', 'PostgreSQL', 'sandbox', 'API', 'worker', 'gateway'])
    expect([phase, (of(phase)?.tookMs ?? Infinity) < start.readyMs]).toEqual([phase, true]);
  process.stdout.write(`The tour was ready after ${start.readyMs} ms, and had moved after ${firstMoveMs} ms.\n`);
  expect(start.readyMs).toBeLessThan(firstMoveMs ?? 0);
  expect(firstMoveMs).toBeLessThan(20_000 * busy());
  expect(of('worker of operator-b')?.fromMs).toBeGreaterThan(firstMoveMs ?? Infinity);
});

it('needs no more than 3 GB, all of its processes together', () => {
  process.stdout.write(`The tour needed ${Math.round(needed)} MiB.\n`);
  expect(needed).toBeGreaterThan(500);
  expect(needed).toBeLessThan(3_000);
});

it('moves the application through every direction', () => {
  expect(report().relocations.map(({ direction, outcome }) => `${direction}: ${outcome}`)).toEqual([
    'cloudToMec: relocated',
    'hostToHost: relocated',
    'systemToSystem: relocated',
    'mecToCloud: relocated',
  ]);
  for (const leg of report().relocations) {
    expect(leg.subscriptions).toBe(3);
    expect(leg.durationMs).toBeGreaterThan(0);
    expect(leg.interruptionMs).toBeGreaterThan(0);
  }
});

it('shows two operators that have joined, and what each sees of the other', () => {
  expect(report().federation).toEqual({
    consumed: expect.any(Object),
    joined: true,
    operators: [
      { operator: 'operator-a', sees: { 'operator-b': ['metro'] } },
      { operator: 'operator-b', sees: { 'operator-a': ['cellular', 'wifi'] } },
    ],
  });
  expect(run.err).toContain('operator-b sees cellular, wifi of operator-a');
});

it('uses a service of the other operator: until that one suspends it, and again afterwards; nothing of it is left', () => {
  const consumed = report().federation?.consumed;
  expect(consumed).toMatchObject({ service: 'speech', operator: 'operator-b', outcome: 'open', released: true });
  expect(consumed?.durationMs).toBeLessThan(10_000 * busy());
  expect(consumed?.answers).toBeGreaterThanOrEqual(20);
  expect(consumed?.lastAnswerAfterSuspensionMs).toBeLessThan(1_500);
  expect(consumed?.answersAfterResume).toBeGreaterThanOrEqual(20);
  expect(run.err).toMatch(/✓ 11 choose an offer +\d+\.\d s/);
  expect(run.err).toMatch(/✓ 13-14 announce.*\n.*✓ 15 see the path.*\n.*✓ 15 expose/);
});

it('loses nothing, reads nothing stale, counts nothing twice', () => {
  for (const { requests, lost, givenUp, stale, doubled } of report().relocations) {
    expect({ lost, givenUp, stale, doubled }).toEqual({ lost: 0, givenUp: 0, stale: 0, doubled: 0 });
    expect(requests).toBeGreaterThan(200);
  }
});

it('holds that for each kind of device, whether it resolves anew, keeps its first address, or keeps each for a while', () => {
  for (const { byKind, requests } of report().relocations) {
    expect(Object.keys(byKind).toSorted()).toEqual(kinds);
    for (const { lost, givenUp, stale, doubled } of Object.values(byKind))
      expect({ lost, givenUp, stale, doubled }).toEqual({ lost: 0, givenUp: 0, stale: 0, doubled: 0 });
    const sum = Object.values(byKind).reduce((all, counts) => all + counts.requests, 0);
    expect(sum).toBe(requests);
    for (const counts of Object.values(byKind)) expect(counts.requests).toBeGreaterThan(0);
  }
});

it('freezes for less than 50 ms in the median', () => {
  const freezes = report().relocations.map(({ freezeMs }) => freezeMs ?? Number.NaN);
  expect(freezes.every((ms) => ms > 0)).toBe(true);
  const [, low = Number.NaN, high = Number.NaN] = freezes.toSorted((a, b) => a - b);
  expect((low + high) / 2).toBeLessThanOrEqual(50 * busy());
});

it('leaves no process behind, and no address bound', async () => {
  expect(met).toBeGreaterThan(8); // Temporal and its tether, sandbox and its three, instances, API, worker
  expect(run.left).toEqual([]);
  expect(boundIn(NET)).toEqual([]);
  expect(await isFree('127.0.0.1', port)).toBe(true);
  expect(await isFree(`127.${NET}.0.1`, 8080)).toBe(true);
});

it('calls nothing but published operations', () => {
  const calls = callsIn(readFileSync(join(data, 'logs', 'worker.log'), 'utf8'));
  process.stdout.write(`The tour made ${calls.length} calls of ${distinct(calls).length} distinct operations.\n`);
  expect(unpublished(calls)).toEqual([]);
  expect(distinct(calls).length).toBeGreaterThan(30);
});
