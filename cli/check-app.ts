import { check, type Finding, type Report } from '../check/check.ts';
import { type Asked, Unfit } from '../check/meeting.ts';
import { inUri } from '../domain/endpoint.ts';
import { type Exit, exits } from './exits.ts';
import { problem } from './problem.ts';
import { shell } from './shell.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** The commands of a provider: how his application is written to, and started again. */
export interface Commands {
  readonly write?: string | undefined;
  readonly restart?: string | undefined;
}

/** Plays the contract's rules against instances of an application, and tells which are kept. */
export async function checkApp(
  asked: Omit<Asked, 'write' | 'restart'>,
  { write, restart }: Commands,
  terminal: Terminal,
): Promise<Exit> {
  try {
    const report = await check({
      ...asked,
      write:
        write === undefined
          ? null
          : async (host, user, number) =>
              await shell(write, { FERRY_HOST: inUri(host), FERRY_USER: user, FERRY_NUMBER: String(number) }),
      restart: restart === undefined ? null : async () => await shell(restart, {}),
      now: ({ title }) => terminal.living(title),
    });
    terminal.living('');
    if (terminal.json) terminal.document(report);
    else for (const line of reportLines(report, terminal)) terminal.tell(line);
    return report.findings.some(({ verdict }) => verdict === 'broken') ? exits.notThrough : exits.done;
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    if (terminal.json) terminal.document(problem('The application is not checked', error.message));
    terminal.tell(error.message);
    return error.unreachable ? exits.unreachable : exits.refused;
  }
}

const words = { held: 'held', broken: 'broken', notTried: 'not tried' } as const;
const colours = { held: 'green', broken: 'red', notTried: 'yellow' } as const;

export function reportLines(report: Report, terminal: Terminal): string[] {
  const { findings, instances } = report;
  const width = Math.max(...findings.map(({ title }) => title.length));
  return [
    ...instances.map(
      ({ as, url, instance }) => `${as}  ${url}  ${instance}, ${as === 'S' ? 'the authority' : 'a standby'}`,
    ),
    '',
    ...findings.map((finding) =>
      `${terminal.paint(colours[finding.verdict], words[finding.verdict].padEnd(9))}  ${finding.title.padEnd(width)}  ${terminal.paint('dim', remark(finding))}`.trimEnd(),
    ),
    ...findings.flatMap((finding) => brokenLines(finding, findings, terminal)),
    '',
    summary(report),
  ];
}

function remark({ verdict, why, sees }: Finding): string {
  const partly = why.length === 0 ? [] : [`${verdict === 'notTried' ? '' : 'in part: '}${why.join('; ')}`];
  return [...(verdict === 'held' && sees.length > 0 ? [`seen by ${sees.join(' and ')}`] : []), ...partly].join('; ');
}

/** The shortest way in which it breaks, what the contract demands at its end, and where it says so. */
function brokenLines(
  { title, clause, broken, mayFollowFrom }: Finding,
  findings: readonly Finding[],
  terminal: Terminal,
): string[] {
  if (broken === null) return [];
  const rows = broken.trace.map(({ who, what, answer, times }) => [
    who,
    what,
    times > 1 ? `${answer} (${times} times)` : answer,
  ]);
  return [
    '',
    terminal.paint('bold', title),
    ...table(['who', 'asked or told', 'what came of it'], rows, terminal)
      .split('\n')
      .map((line, at) => `  ${at === rows.length ? terminal.paint('red', line) : line}`),
    `  demanded: ${broken.demand}`,
    ...findings
      .filter(({ rule }) => mayFollowFrom.includes(rule))
      .map((cause) => `  It may only follow from "${cause.title}", which is broken: mend that first.`),
    terminal.paint('dim', `  "${clause.words}" (${clause.page})`),
  ];
}

function summary({ findings, users, left }: Report): string {
  const many = (verdict: Finding['verdict']): string[] => {
    const count = findings.filter((finding) => finding.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${words[verdict]}`];
  };
  const verdict = (['held', 'broken', 'notTried'] as const).flatMap(many).join(', ');
  const listed = `S lists ${users} users of the checker's own (ferry-check-...)`;
  const rest = left.length === 0 ? 'nothing is promised or expected' : `not put back: ${left.join('; ')}`;
  return `${verdict}. ${listed}; ${rest}.`;
}
