import { setTimeout as pause } from 'node:timers/promises';
import type { Relocation } from '../api/resources.ts';
import type { Counted, Figures } from '../domain/counted.ts';
import { type StepName, stepNames, steps } from '../domain/steps.ts';
import type { FerryClient } from './client.ts';
import type { Devices, Hosts } from './devices.ts';
import { follow } from './follow.ts';
import { table } from './table.ts';
import { millis, seconds, type Terminal } from './terminal.ts';
import { federation, type FederationReport, federationWentWell, type Others } from './tour-federation.ts';
import { loadNow, unanswered, unansweredIn, type Waited } from './tour-unanswered.ts';
import { takeover, type TakeoverReport, takeoverTable, takeoverTold, takeoverWentWell } from './tour-takeover.ts';

/** Every direction once: into the edge, to another host, to another MEC system, and back to the cloud. */
const route = ['cloud', 'a1', 'a2', 'w1', 'cloud'] as const;
/** The host that dies once the application has come there. */
const LOST = 'a2';
const DEVICES = 6;
const RATE = 20;
/** While nothing is measured, for as long as the house stands: a third of a core would go into writes that nobody looks at. */
const REST = 2;
/** A comparison without a move is as long as the move, up to this: somebody waits for it, four times. */
const STILL_LIMIT_MS = 2_500;

/** Of writes. */
interface Counts {
  readonly requests: number;
  /** Acknowledged, and not there any more. */
  readonly lost: number;
  /** The device had no answer in time. */
  readonly givenUp: number;
  readonly stale: number;
  readonly doubled: number;
}

/** One relocation of the tour, as `--json` shows it. Counts are those of the move and of the comparison after it. */
export interface Leg extends Counts, Waited {
  readonly direction: string;
  readonly outcome: string;
  readonly durationMs: number;
  readonly freezeMs: number | null;
  /** The longest time in which a device got no answer, while it was moved. */
  readonly interruptionMs: number;
  /** Of `givenUp` those of the comparison, in which nothing moved. */
  readonly givenUpStill: number;
  /** The longest time in which the devices themselves did not run: the machine had no time for them. */
  readonly stoodStillMs: number;
  readonly subscriptions: number;
  /** The same counts for each kind of device: `resolving`, `keeping`, `clamping` (sandbox/README.md). */
  readonly byKind: Readonly<Record<string, Counts>>;
}

export interface TourReport {
  /** How long after the start of the command the first move was done. Null: it was not. */
  readonly firstMoveMs: number | null;
  readonly relocations: readonly Leg[];
  /** Null: no host was to be lost. */
  readonly takeover: TakeoverReport | null;
  /** Null: the operator is alone. */
  readonly federation: FederationReport | null;
  readonly ok: boolean;
}

interface Measured {
  readonly relocation: Relocation;
  readonly leg: Leg;
  /** The same gap in a window without a move. */
  readonly stillMs: number;
  /** Since the start of the command. */
  readonly movedMs: number;
}

/** The whole route was travelled, and no device noticed more than a pause. */
export const verdict = (legs: readonly Leg[]): boolean =>
  legs.length === route.length - 1 &&
  legs.every(
    ({ outcome, requests, lost, givenUp, stale, doubled }) =>
      outcome === 'relocated' && requests > 0 && lost + givenUp + stale + doubled === 0,
  );

interface Toured {
  readonly application?: string | undefined;
  /** Whom it federates with, who are there after the first move: it waits for nobody. Absent: it is not asked for. */
  readonly others?: () => Promise<Others | undefined>;
  /** Absent: no host is to be lost. */
  readonly hosts?: Hosts | undefined;
}

export async function tour(
  client: FerryClient,
  devices: Devices,
  terminal: Terminal,
  { application = 'counter', others, hosts }: Toured = {},
): Promise<TourReport> {
  terminal.tell(`\n${DEVICES} devices send ${RATE} numbered writes a second each, while the application moves.`);
  await devices.start(DEVICES, { rate: RATE, rest: REST });
  await still(devices, 'warm-up', 1_500, terminal);

  const measured: Measured[] = [];
  let taken: TakeoverReport | null = null;
  let source: string = route[0];
  let known: Others | undefined;
  for (const [at, target] of route.slice(1).entries()) {
    terminal.tell();
    const one = await leg(client, devices, { application, source, target, name: `tour-${at + 1}` }, terminal);
    measured.push(one);
    if (at === 0) {
      terminal.tell(`  moved ${seconds(one.movedMs)} after the start`);
      known = await others?.();
    }
    if (one.leg.outcome !== 'relocated') break; // where the users are now is for a person to find out
    const back = source;
    source = target;
    if (hosts === undefined || target !== LOST) continue;
    terminal.tell();
    taken = await takeover({ client, devices, hosts, terminal }, { application, source, target: back });
    if (!takeoverWentWell(taken)) break;
    source = back;
  }

  const legs = measured.map((one) => one.leg);
  const moved = verdict(legs) && (taken === null || takeoverWentWell(taken));
  terminal.tell(`\n${summary(measured)}\n`);
  if (taken !== null) terminal.tell(`${takeoverTable(taken)}\n`);
  for (const { relocation } of measured)
    if (relocation.links.temporal !== null) terminal.tell(`${arrow(relocation)}: ${relocation.links.temporal}`);
  const federated = known === undefined ? null : await federation(client, known, terminal);
  const joint = federated === null || federationWentWell(federated);
  terminal.tell(`\n${conclusion({ moved, joint, legs, taken }, terminal)}`);
  const firstMoveMs = legs[0]?.outcome === 'relocated' ? (measured[0]?.movedMs ?? null) : null;
  return { firstMoveMs, relocations: legs, takeover: taken, federation: federated, ok: moved && joint };
}

function conclusion(
  { moved, joint, legs, taken }: { moved: boolean; joint: boolean; legs: readonly Leg[]; taken: TakeoverReport | null },
  terminal: Terminal,
): string {
  if (!moved) {
    const host = taken === null ? '' : `\n${takeoverTold(taken)}`;
    return terminal.paint('red', `The tour did not go as it should: see the table.${unanswered(legs)}${host}`);
  }
  if (!joint)
    return terminal.paint('red', 'Every relocation went through; the federation did not go as it should: see above.');
  const moves = 'Every relocation went through: no write was lost, given up, stale or doubled.';
  return [terminal.paint('green', moves), ...(taken === null ? [] : [takeoverTold(taken)])].join('\n');
}

async function leg(
  client: FerryClient,
  devices: Devices,
  { application, source, target, name }: { application: string; source: string; target: string; name: string },
  terminal: Terminal,
): Promise<Measured> {
  await devices.openWindow(name);
  const { id } = await client.post<Relocation>('/v1/relocations', { application, source, target });
  const passed: { readonly since: string; readonly at: string }[] = [];
  const told = ({ since, step, state }: Relocation): void => {
    if (since !== null) passed.push({ since, at: step ?? state });
  };
  const relocation = await follow(client, id, terminal, { told });
  const movedMs = Math.round(performance.now());
  const moved = await devices.closeWindow(name);
  const compared = await still(devices, `${name}-still`, Math.min(moved.durationMs, STILL_LIMIT_MS), terminal);
  const { longestGapMs, requests } = moved.total;
  const stillMs = compared.total.longestGapMs;
  const gaps = `longest gap of a device: ${Math.round(longestGapMs)} ms (without a move: ${Math.round(stillMs)} ms)`;
  terminal.tell(`  ${requests} writes, ${gaps}`);

  const { result, outcome, state, direction } = relocation;
  const kinds = Object.entries(moved.byKind);
  return {
    relocation,
    stillMs,
    movedMs,
    leg: {
      direction,
      outcome: outcome ?? state,
      durationMs: result?.totalMs ?? moved.durationMs,
      freezeMs: result?.freezeMs ?? null,
      interruptionMs: longestGapMs,
      givenUpStill: compared.total.givenUp,
      stoodStillMs: Math.max(moved.stoodStillMs, compared.stoodStillMs),
      load: loadNow(),
      unanswered: [...unansweredIn(moved, (instant) => stepAt(passed, instant)), ...unansweredIn(compared, () => null)],
      ...together(moved.total, compared.total),
      subscriptions: result?.moved.subscriptions ?? 0,
      byKind: Object.fromEntries(kinds.map(([kind, figures]) => [kind, together(figures, compared.byKind[kind])])),
    },
  };
}

/** The last that had begun by then; the clocks are one machine's. */
const stepAt = (passed: readonly { readonly since: string; readonly at: string }[], instant: string): string => {
  const at = passed.findLast(({ since }) => Date.parse(since) <= Date.parse(instant))?.at ?? passed[0]?.at ?? 'check';
  return stepNames.includes(at as StepName) ? steps[at as StepName].title : at;
};

const together = (a: Figures, b: Figures | undefined): Counts => ({
  requests: a.requests + (b?.requests ?? 0),
  lost: a.lost + (b?.lost ?? 0),
  givenUp: a.givenUp + (b?.givenUp ?? 0),
  stale: a.stale + (b?.stale ?? 0),
  doubled: a.doubled + (b?.doubled ?? 0),
});

/** A window in which nothing moves. */
async function still(devices: Devices, name: string, ms: number, terminal: Terminal): Promise<Counted> {
  await devices.openWindow(name);
  terminal.living(`  measuring ${seconds(ms)} without a move, for comparison`);
  await pause(ms);
  const figures = await devices.closeWindow(name);
  terminal.living('');
  return figures;
}

const arrow = ({ request }: Relocation): string => `${request.source} → ${request.target}`;

const summary = (measured: readonly Measured[]): string =>
  table(
    [
      '',
      'direction',
      'outcome',
      'took',
      'freeze',
      'gap',
      'gap still',
      'writes',
      'lost',
      'given up',
      'stale',
      'doubled',
      'subscr.',
    ],
    measured.map(
      ({ relocation, leg: { direction, outcome, durationMs, freezeMs, interruptionMs, ...counts }, stillMs }) => [
        arrow(relocation),
        direction,
        outcome,
        seconds(durationMs),
        freezeMs === null ? '-' : millis(freezeMs),
        `${Math.round(interruptionMs)} ms`,
        `${Math.round(stillMs)} ms`,
        ...[counts.requests, counts.lost, counts.givenUp, counts.stale, counts.doubled, counts.subscriptions].map(
          String,
        ),
      ],
    ),
    { aligns: ['left', 'left', 'left', ...Array.from({ length: 10 }, () => 'right' as const)] },
  );
