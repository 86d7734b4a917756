import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import type { Problem } from '../api/resources.ts';
import { Refused, Unreachable } from './client.ts';
import { CommandLine } from './command-line.ts';
import { readContexts } from './contexts.ts';
import { type Exit, exitHelp, exits } from './exits.ts';
import { anchoring } from './groups/anchors.ts';
import { applications } from './groups/applications.ts';
import { checking } from './groups/checking.ts';
import { contexts } from './groups/contexts.ts';
import { evacuating } from './groups/evacuations.ts';
import { federation } from './groups/federation.ts';
import { following } from './groups/followers.ts';
import { network } from './groups/network.ts';
import { processes } from './groups/processes.ts';
import { relocations } from './groups/relocations.ts';
import { shortId } from './hints.ts';
import { type CliProblem, problem, Unnamed } from './problem.ts';
import { type Stream, Terminal } from './terminal.ts';

/** Every group of commands, under the heading that `ferry --help` gives it. */
const groups: readonly (readonly [heading: string, group: (line: CommandLine) => void])[] = [
  ['Start it', processes],
  ['Move applications', relocations],
  ['Empty a site', evacuating],
  ['Lead devices', anchoring],
  ['Go after a device', following],
  ['What there is', network],
  ['Federation', federation],
  ['For providers', applications],
  ['More than one Ferry', contexts],
  ['For providers', checking],
];

/** The command line `ferry`. Returns the exit status; never throws. */
export async function main(argv: readonly string[], stdout: Stream, stderr: Stream): Promise<number> {
  const terminal = new Terminal(stdout, stderr);
  const line = new CommandLine(terminal, stdout, stderr);
  line.program
    .description('Moves running applications between MEC hosts, MEC systems and clouds without losing a request.')
    .version(version(), '-V, --version', 'of Ferry')
    // What each takes its own help says: a line here is for what it does
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText('after', exitHelp);
  for (const [heading, group] of groups) {
    line.program.commandsGroup(`${heading}:`);
    group(line);
  }
  line.program.commandsGroup('More than one Ferry:').helpCommand('help', 'of all of this, or of one command');
  try {
    if (argv[0] === 'complete') await completing(line);
    await line.program.parseAsync(unhelped(argv, line), { from: 'user' });
    return line.exit;
  } catch (error) {
    return explained(error, argv, terminal, stderr);
  }
}

/** Asked for the help of a command that there is not, commander shows that of the program as if nothing were wrong. */
function unhelped(argv: readonly string[], { program }: CommandLine): readonly string[] {
  const [first = '-'] = argv;
  const known = first.startsWith('-') || ['help', ...program.commands.map((one) => one.name())].includes(first);
  return known ? argv : [first];
}

/** `ferry complete <shell>` prints what that shell reads once; what it then asks is answered from the commands above. */
async function completing({ program }: CommandLine): Promise<void> {
  const { default: complete } = await import('@bomb.sh/tab/commander');
  const { commands } = complete(program);
  for (const { options } of commands.values()) {
    const context = options.get('context');
    if (context !== undefined) context.handler = named;
  }
}

function named(offer: (context: string, is: string) => void): void {
  for (const [name, { api }] of Object.entries(readContexts().contexts)) offer(name, api);
}

/** Of the checkout, or of the build, one folder deeper. */
function version(): string {
  for (const file of ['../package.json', '../../package.json'])
    try {
      return (JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      continue;
    }
  return 'unknown';
}

/** Title, detail and remedy; never a stack. With `--json` the problem is the document, whoever found it. */
function explained(error: unknown, argv: readonly string[], terminal: Terminal, stderr: Stream): Exit {
  if (error instanceof CommanderError && error.exitCode === 0) return exits.done;
  const { exit, document, lines } = toldOf(error, terminal);
  // What is wrong with the command line is known before its options are
  if (terminal.json || asksForJson(argv)) terminal.document(document);
  if (lines.length > 0) stderr.write(`${lines.join('\n')}\n`);
  return exit;
}

interface Told {
  readonly exit: Exit;
  readonly document: CliProblem;
  /** For a person. */
  readonly lines: readonly string[];
}

const NOT_NAMED = 'Nothing, or more than one, is called so';

function toldOf(error: unknown, terminal: Terminal): Told {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof CommanderError)
    return { exit: exits.usage, document: problem('Wrong usage', message.replace(/^error: /, '')), lines: [] };
  if (error instanceof Refused)
    return { exit: exits.refused, document: error.problem, lines: refusalLines(error.problem, terminal) };
  if (error instanceof Unreachable) {
    const remedy = `\`${terminal.hints.command('up')}\` starts it; --api, FERRY_API or a context says where it is.`;
    const document = problem('The API does not answer', message, remedy);
    return { exit: exits.unreachable, document, lines: [message, `Is Ferry up? ${remedy}`] };
  }
  if (error instanceof Unnamed) return { exit: exits.refused, document: problem(NOT_NAMED, message), lines: [message] };
  return { exit: exits.notThrough, document: problem('Unexpected', message), lines: [`ferry: ${message}`] };
}

const refusalLines = ({ title, detail, remedy = '', see, errors = [] }: Problem, terminal: Terminal): string[] => [
  `${title}${detail === '' ? '' : `: ${detail}`}`,
  ...errors.map(({ path, message }) => `  ${path}: ${message}`),
  ...(remedy === '' ? [] : [`Remedy: ${remedy}`]),
  ...(see === undefined ? [] : [`See: ${seen(see, terminal)}`]),
];

const asksForJson = (argv: readonly string[]): boolean =>
  argv.some(
    (word, n) =>
      word === '--json' ||
      /^(?:-o|--output=)jsonl?$/.test(word) ||
      (/^(?:-o|--output)$/.test(word) && /^jsonl?$/.test(argv[n + 1] ?? '')),
  );

/** What stands in the way is shown by a command. */
function seen(path: string, terminal: Terminal): string {
  const [, of, id] = /^\/v1\/(relocations|evacuations|anchors|followers)\/([^/]+)$/.exec(path) ?? [];
  if (of === undefined || id === undefined) return path;
  const { hints } = terminal;
  if (of === 'anchors') return hints.command('anchor', 'show', shortId(id));
  if (of === 'followers') return hints.command('followers', shortId(id));
  return of === 'relocations' ? hints.about('show', id) : hints.command('evacuations', 'show', shortId(id));
}
