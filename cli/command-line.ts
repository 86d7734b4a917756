import { Command, Option } from 'commander';
import { FerryClient } from './client.ts';
import { apiUrl } from './contexts.ts';
import { type Exit, exits } from './exits.ts';
import { type Said, targetOf, DEFAULT_API } from './target.ts';
import type { Stream, Terminal } from './terminal.ts';

/** What one example of a command's help shows: what is typed, and what comes of it. */
export type Example = readonly [typed: string, does: string];

interface Output {
  readonly json?: true;
  readonly output?: 'json' | 'jsonl' | 'wide';
}

const NARROW = 80;

/** Beside what is typed what comes of it; below it, where that would be too wide for a terminal. */
function exampleLines(examples: readonly Example[]): string[] {
  const width = Math.max(...examples.map(([typed]) => typed.length));
  const beside = examples.map(([typed, does]) => `  ${typed.padEnd(width)}  ${does}`.trimEnd());
  if (beside.every((line) => line.length <= NARROW)) return beside;
  return examples.flatMap(([typed, does]) => [`  ${typed}`, ...(does === '' ? [] : [`      ${does}`])]);
}

/** The program, to which each file of `groups/` adds its commands. */
export class CommandLine {
  readonly program: Command;
  readonly terminal: Terminal;
  readonly stderr: Stream;
  /** Of the command that was carried out. */
  exit: Exit = exits.done;

  constructor(terminal: Terminal, stdout: Stream, stderr: Stream) {
    this.terminal = terminal;
    this.stderr = stderr;
    this.program = new Command('ferry')
      .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) })
      .exitOverride()
      .showHelpAfterError(`See \`${terminal.hints.command('--help')}\`.`)
      .hook('preAction', (_, command) => {
        const { json, output } = command.opts<Output>();
        terminal.format = output ?? (json ? 'json' : 'text');
      });
  }

  /** One that shows a document with `--json`. */
  command(usage: string, description: string, examples: readonly Example[] = []): Command {
    const command = this.program
      .command(usage)
      .description(description)
      .option('--json', 'one JSON document on stdout');
    command.showHelpAfterError(`See \`${this.terminal.hints.command(command.name(), '--help')}\`.`);
    return examples.length === 0
      ? command
      : command.addHelpText('after', ['', 'Examples:', ...exampleLines(examples)].join('\n'));
  }

  /** One that asks the API. */
  asking(usage: string, description: string, examples: readonly Example[] = []): Command {
    return this.command(usage, description, examples)
      .addOption(
        new Option('-o, --output <format>', 'instead of a text that fits; jsonl: a line for each').choices(FORMATS),
      )
      .addOption(new Option('--api <url>', `of the API (default: ${DEFAULT_API}; env: FERRY_API)`))
      .addOption(new Option('--context <name>', 'which Ferry (env: FERRY_CONTEXT)').conflicts('api'))
      .hook('preAction', (_, command) => {
        // A copy: what is set below nobody has typed
        const said: Said = { ...command.opts<Said>() };
        const api = targetOf(said);
        if (apiUrl(api) === undefined)
          command.error(
            `error: ${said.api === undefined ? 'FERRY_API' : '--api'} is no address of an API, such as ${DEFAULT_API}: ${api}`,
          );
        this.terminal.hints.said = said;
        command.setOptionValue('api', api);
      });
  }

  /** What it does, and how that ended. */
  does<Args extends readonly unknown[]>(work: (...args: Args) => Promise<Exit>): (...args: Args) => Promise<void> {
    return async (...args) => {
      this.exit = await work(...args);
    };
  }
}

const FORMATS = ['json', 'jsonl', 'wide'];

export interface ApiOptions {
  readonly api: string;
}

export const clientOf = ({ api }: ApiOptions): FerryClient => new FerryClient(api);
