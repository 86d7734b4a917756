import type { Relocation } from '../api/resources.ts';
import { undos, type UndoName } from '../domain/steps.ts';
import { age, millis, seconds, type Terminal } from './terminal.ts';

/** `counter: cloud → a1, all users` */
export const subject = ({ request }: Relocation): string =>
  `${request.application}: ${request.source} → ${request.target}, ${request.users === '*' ? 'all users' : request.users}`;

const doing = { pause: 'pausing', cancel: 'cancelling' } as const;

/** `relocated`, or where it stands. */
export const standing = ({ state, step, outcome, asked }: Relocation): string => {
  if (outcome !== null) return outcome;
  const word = state === 'working' && asked !== null ? doing[asked] : state;
  return step === null || state === 'terminated' ? word : `${word}: ${step}`;
};

/** What happens next by itself, or by whom: for whoever has just commanded it. */
export function nextLines(relocation: Relocation, { hints }: Terminal): string[] {
  const { id, state, asked, actions, waitingFor } = relocation;
  const follow = `\`${hints.about('watch', id)}\` follows it`;
  const may = actions.map((action) => hints.about(action, id));
  if (state === 'working' && asked === 'pause')
    return [`It pauses before its next step. \`${hints.about('resume', id)}\` takes that back.`];
  if (state === 'working' && asked === 'cancel')
    return [`It is rolled back when the step under way has ended; ${follow}.`];
  if (state === 'working') return [`It goes on; ${follow}.`];
  if (state === 'rollingBack') return [`What was done is being undone; ${follow}.`];
  if (state === 'ended' || state === 'terminated')
    return [`Nothing more happens. \`${hints.about('show', id)}\` tells of it.`];
  return [`It waits for ${waitingFor?.what ?? 'an operator'}.`, ...byItself(relocation), ...may];
}

/** On the way back a parked one is not left to a person alone. */
const byItself = ({ state, waitingFor }: Relocation): string[] =>
  state === 'parked' && waitingFor?.until != null ? [`It tries again by itself at ${waitingFor.until}.`] : [];

/** How it came to rest, in a few lines: what was reached or what stands in the way, and what can be done. */
export function endLines(relocation: Relocation, terminal: Terminal): string[] {
  const { id, state, step, waitingFor, result, actions } = relocation;
  if (state === 'parked')
    return [
      `${terminal.paint('yellow', 'parked')} at ${step}: ${waitingFor?.lastFailure ?? 'why is not known: no worker has answered'}`,
      ...(waitingFor === null ? [] : [`It waits for ${waitingFor.what}.`]),
      ...byItself(relocation),
      ...actions.map((action) => terminal.hints.about(action, id)),
    ];
  if (result === null)
    return [
      `${terminal.paint('red', state)}: ended from outside; nothing was cleaned up`,
      'Remedy: docs/operations.md, under "Terminate", says how it can go on, or be undone.',
    ];
  const { outcome, freezeMs, interruption, writerOverlap, failure, leftovers, moved } = result;
  const good = outcome === 'relocated' || outcome === 'relocatedSourceKept' || outcome === 'recovered';
  const said = [`${terminal.paint(good ? 'green' : 'red', outcome)} in ${took(result)}`];
  if (freezeMs !== null) said.push(`frozen for ${millis(freezeMs)}`);
  else if (interruption != null) said.push(`not served for ${interruption.atLeastMs} to ${interruption.atMostMs} ms`);
  if (writerOverlap === 'possible' && result.recovery == null)
    said.push('the source may have accepted writes beside the target');
  if (good)
    said.push(
      `instance ${moved.instance}`,
      `package ${moved.package}`,
      `${moved.subscriptions} subscription${moved.subscriptions === 1 ? '' : 's'}`,
    );
  if (good && !result.pathObserved) said.push('path switched, not observed');
  const lines = [said.join(', ')];
  if (failure !== null)
    lines.push(`${failure.type} at ${failure.step}: ${failure.message}`, `Remedy: ${failure.remedy}`);
  if (result.recovery != null) lines.push(...recoveryLines(result.recovery, id, terminal));
  if (result.cancelTooLate) lines.push('A cancellation came too late: the hand-over had begun.');
  for (const { undo, type, message, remedy } of leftovers)
    lines.push(`still to be undone: ${titleOf(undo)}. ${type}: ${message}`, `Remedy: ${remedy}`);
  return lines;
}

/** Of what waited for a person, or for an instant: without that. Of a takeover: from when the source was said to be lost. */
function took({ totalMs, waitedMs = 0, recovery }: Result): string {
  const ms = recovery?.tookMs ?? totalMs - waitedMs;
  const from = recovery?.tookMs === undefined ? ' without the waiting' : ' from `recover` on';
  return totalMs - ms < WORTH_TELLING_MS ? seconds(totalMs) : `${seconds(ms)}${from} (${seconds(totalMs)} in all)`;
}

const WORTH_TELLING_MS = 1_000;

/** What may be lost, who may have written, and who waits for a source that may come back. */
function recoveryLines(
  { fence, users, writes, mayBeLost, mayHaveWritten, fencing }: NonNullable<Result['recovery']>,
  id: string,
  { hints }: Terminal,
): string[] {
  return [
    `The source was taken to be dead (${fence}): ${writes} writes of ${users} users were saved.`,
    ...(mayBeLost === undefined ? [] : [`May be lost: ${mayBeLost}.`]),
    ...(mayHaveWritten === undefined ? [] : [`May have written: ${mayHaveWritten}.`]),
    ...(fencing == null
      ? []
      : [
          `It is fenced when it comes back: \`${hints.command('fences')}\`; gone for good: \`${hints.about('scrap', id)}\``,
        ]),
  ];
}

type Result = NonNullable<Relocation['result']>;

const titleOf = (undo: string): string => (Object.hasOwn(undos, undo) ? undos[undo as UndoName].title : undo);

/** Everything that is known of one, for a person. */
export function relocationLines(relocation: Relocation, terminal: Terminal): string[] {
  const { id, request, direction, startedAt, endedAt, since, waitingFor, actions, links } = relocation;
  const { cutOver } = request;
  const rows: [string, string | null][] = [
    ['id', id],
    ['direction', direction],
    ['state', `${standing(relocation)}${since === null || endedAt !== null ? '' : `, for ${age(since)}`}`],
    ['started', startedAt],
    ['ended', endedAt],
    ['at most', request.maxInterruptionMs === undefined ? null : `${request.maxInterruptionMs} ms of interruption`],
    ['deadline', request.deadline ?? null],
    [
      'cut-over',
      cutOver === 'immediately'
        ? null
        : 'at' in cutOver
          ? `at ${cutOver.at}`
          : 'standby' in cutOver
            ? 'a standby, in case the source is lost'
            : 'when approved',
    ],
    ['waits for', waitingFor === null ? null : `${waitingFor.what}, since ${waitingFor.since}`],
    ['until', waitingFor?.until ?? null],
    ['attempt', waitingFor?.attempt === null || waitingFor === null ? null : String(waitingFor.attempt)],
    ['next attempt', waitingFor?.nextAt ?? null],
    ['last failure', waitingFor?.lastFailure ?? null],
    ['look closer', waitingFor?.call ?? null],
    [
      'you may',
      actions.length === 0 ? null : actions.map((action) => terminal.hints.about(action, id)).join('\n               '),
    ],
    ['Temporal', links.temporal],
  ];
  return [
    terminal.paint('bold', subject(relocation)),
    ...rows.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(12)} ${value}`])),
    ...Object.entries(relocation.durationsMs).map(([step, ms]) => `  ${step.padEnd(12)} ${seconds(ms)}`),
    ...(['ended', 'terminated'].includes(relocation.state) ? endLines(relocation, terminal) : []).map(
      (line) => `  ${line}`,
    ),
  ];
}
