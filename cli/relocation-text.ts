import type { Relocation } from '../api/resources.ts';
import { undos, type UndoName } from '../domain/steps.ts';
import { seconds, type Terminal } from './terminal.ts';

/** `counter: cloud → a1, all users` */
export const subject = ({ request }: Relocation): string =>
  `${request.application}: ${request.source} → ${request.target}, ${request.users === '*' ? 'all users' : request.users}`;

/** `relocated`, or where it stands. */
export const standing = ({ state, step, outcome }: Relocation): string =>
  outcome ?? (state === 'working' && step !== null ? `working: ${step}` : state);

/** How it came to rest, in a few lines: what was reached or what stands in the way, and what can be done. */
export function endLines(relocation: Relocation, terminal: Terminal): string[] {
  const { id, state, step, waitingFor, result, actions } = relocation;
  if (state === 'parked')
    return [
      `${terminal.paint('yellow', 'parked')} at ${step}: ${waitingFor?.lastFailure ?? waitingFor?.what ?? ''}`,
      ...actions.map((action) => `ferry ${action} ${id}`),
    ];
  if (result === null)
    return [
      `${terminal.paint('red', state)}: ended from outside; nothing was cleaned up`,
      'Remedy: docs/operations.md, under "Terminate", says how it can go on, or be undone.',
    ];
  const { outcome, totalMs, freezeMs, failure, leftovers, moved } = result;
  const good = outcome === 'relocated' || outcome === 'relocatedSourceKept';
  const said = [`${terminal.paint(good ? 'green' : 'red', outcome)} in ${seconds(totalMs)}`];
  if (freezeMs !== null) said.push(`frozen for ${freezeMs} ms`);
  if (good) said.push(`instance ${moved.instance}`, `package ${moved.package}`, `${moved.subscriptions} subscriptions`);
  if (good && !result.pathObserved) said.push('path switched, not observed');
  const lines = [said.join(', ')];
  if (failure !== null)
    lines.push(`${failure.type} at ${failure.step}: ${failure.message}`, `Remedy: ${failure.remedy}`);
  if (result.cancelTooLate) lines.push('A cancellation came too late: the hand-over had begun.');
  for (const { undo, type, message, remedy } of leftovers)
    lines.push(`still to be undone: ${titleOf(undo)}. ${type}: ${message}`, `Remedy: ${remedy}`);
  return lines;
}

const titleOf = (undo: string): string => (Object.hasOwn(undos, undo) ? undos[undo as UndoName].title : undo);

/** Everything that is known of one, for a person. */
export function relocationLines(relocation: Relocation, terminal: Terminal): string[] {
  const { id, request, direction, startedAt, endedAt, waitingFor, actions, links } = relocation;
  const { cutOver } = request;
  const rows: [string, string | null][] = [
    ['id', id],
    ['direction', direction],
    ['state', standing(relocation)],
    ['started', startedAt],
    ['ended', endedAt],
    ['at most', request.maxInterruptionMs === undefined ? null : `${request.maxInterruptionMs} ms of interruption`],
    ['deadline', request.deadline ?? null],
    ['cut-over', cutOver === 'immediately' ? null : 'at' in cutOver ? `at ${cutOver.at}` : 'when approved'],
    ['waits for', waitingFor === null ? null : `${waitingFor.what}, since ${waitingFor.since}`],
    ['until', waitingFor?.until ?? null],
    ['attempt', waitingFor?.attempt === null || waitingFor === null ? null : String(waitingFor.attempt)],
    ['last failure', waitingFor?.lastFailure ?? null],
    ['look closer', waitingFor?.call ?? null],
    [
      'you may',
      actions.length === 0 ? null : actions.map((action) => `ferry ${action} ${id}`).join('\n               '),
    ],
    ['Temporal', links.temporal],
  ];
  const steps = Object.entries(relocation.result?.durationsMs ?? {});
  return [
    terminal.paint('bold', subject(relocation)),
    ...rows.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(12)} ${value}`])),
    ...steps.map(([step, ms]) => `  ${step.padEnd(12)} ${seconds(ms)}`),
    ...(['ended', 'terminated'].includes(relocation.state) ? endLines(relocation, terminal) : []).map(
      (line) => `  ${line}`,
    ),
  ];
}
