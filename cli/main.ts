import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { INSTANT_EXAMPLE, instantTyped } from '../domain/instant.ts';
import { FerryClient, Refused, Unreachable } from './client.ts';
import { act, federate, federations, list, peers, plan, relocate, show, systems, watch } from './commands.ts';
import { directions, federationCommands } from '../domain/federation.ts';
import { type Exit, exitHelp, exits } from './exits.ts';
import type { Topology } from './ferries.ts';
import { type Stream, Terminal } from './terminal.ts';

/** The command line `ferry`. Returns the exit status; never throws. */
export async function main(argv: readonly string[], stdout: Stream, stderr: Stream): Promise<number> {
  const terminal = new Terminal(stdout, stderr, argv.includes('--json'));
  let exit: Exit = exits.done;
  const program = new Command('ferry')
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) })
    .exitOverride();
  describe(program, terminal, stderr, (status) => {
    exit = status;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    return explained(error, terminal, stderr);
  }
}

interface ApiOptions {
  readonly api: string;
}

interface RequestOptions extends ApiOptions {
  readonly user?: string;
  readonly maxInterruption?: number;
  readonly deadline?: string;
  readonly approve?: true;
  readonly at?: string;
}

interface RelocateOptions extends RequestOptions {
  readonly key?: string;
  readonly wait: boolean;
}

interface UpOptions {
  readonly tour?: true;
  readonly exit?: true;
  readonly port: number;
  readonly net: number;
  readonly topology: Topology;
  readonly data: string;
}

type Filters = Partial<Record<'application' | 'source' | 'target' | 'state' | 'outcome' | 'limit', string>>;

function describe(program: Command, terminal: Terminal, stderr: Stream, ended: (exit: Exit) => void): void {
  program
    .description('Moves running applications between MEC hosts, MEC systems and clouds without losing a request.')
    .addHelpText('after', exitHelp);

  program
    .command('up')
    .description('start Temporal, PostgreSQL, a sandbox, worker and API of each operator, and stay up')
    .option('--tour', 'move an application through every direction, under load, and show what its devices noticed')
    .option('--exit', 'end after the tour; the exit status is its verdict')
    .option('--port <port>', 'of the API', integer(1, 65_535), 8700)
    .option('--net <n>', 'network of the sandbox, 127.n.0.0/16', integer(1, 254), 10)
    .addOption(topology())
    .option('--data <folder>', "databases, logs, the sandbox's files", '.ferry')
    .option('--json', 'one JSON document on stdout')
    .action(async (options: UpOptions, command: Command) => {
      const [wantsTour, exit] = [options.tour === true, options.exit === true];
      if (exit && !wantsTour) command.error('error: --exit needs --tour');
      if (wantsTour && (process.env['FERRY_CONFIG'] ?? '') !== '')
        command.error('error: the tour needs the sandbox, but FERRY_CONFIG names other peers');
      const { up } = await import('./up.ts');
      ended(await up({ ...options, tour: wantsTour, exit }, terminal));
    });

  program
    .command('sandbox')
    .description('start the sandbox alone: peers for any client of their APIs')
    .option('--net <n>', 'its network, 127.n.0.0/16', integer(1, 254), 10)
    .addOption(topology())
    .option('--data <folder>', 'its files', '.ferry')
    .option('--json', 'one JSON document on stdout')
    .action(async (options: { net: number; topology: Topology; data: string }) => {
      const { sandbox } = await import('./sandbox.ts');
      ended(await sandbox(options, terminal));
    });

  const asking = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .addOption(new Option('--api <url>', 'of the API').env('FERRY_API').default('http://127.0.0.1:8700'))
      .option('--json', 'one JSON document on stdout');
  const requesting = (name: string, description: string): Command =>
    asking(`${name} <application> <source> <target>`, description)
      .option('--user <tag>', 'one user, by the ueIdentityTag (MEC 014); all without')
      .option('--max-interruption <ms>', 'refuse when the freeze is expected to be longer', integer(1, 60_000))
      .option('--deadline <time>', 'roll back when the hand-over has not begun by then', instant(stderr))
      .addOption(new Option('--approve', 'hold the cut-over until `ferry approve`').conflicts('at'))
      .option('--at <time>', 'hold the cut-over until then', instant(stderr));

  requesting('relocate', 'move users of an application from one site to another, and watch it')
    .option('--key <key>', 'Idempotency-Key: the same key starts the same relocation once')
    .option('--wait', 'watch until it ends (default)', true)
    .option('--no-wait', 'print its id and return')
    .action(async (application: string, source: string, target: string, options: RelocateOptions) => {
      const { api, key, wait } = options;
      const request = { application, source, target, ...requested(options) };
      ended(await relocate(new FerryClient(api), terminal, request, { key, wait }));
    });
  requesting('plan', 'what a relocation would do, and what stands in its way; changes nothing').action(
    async (application: string, source: string, target: string, options: RequestOptions) => {
      const request = { application, source, target, ...requested(options) };
      ended(await plan(new FerryClient(options.api), terminal, request));
    },
  );
  asking('list', 'relocations, newest first')
    .option('--application <name>')
    .option('--source <site>')
    .option('--target <site>')
    .addOption(new Option('--state <state>').choices(['running', 'parked', 'ended']))
    .option('--outcome <outcome>')
    .option('--limit <n>', 'at most so many')
    .action(async ({ api, ...options }: ApiOptions & Filters & { json?: true }) => {
      const { application, source, target, state, outcome, limit } = options;
      const filters = { application, source, target, state, outcome, limit };
      ended(await list(new FerryClient(api), terminal, filters));
    });
  asking('show <id>', 'everything that is known of one').action(async (id: string, { api }: ApiOptions) =>
    ended(await show(new FerryClient(api), terminal, id)),
  );
  asking('watch <id>', 'follow one until it ends or is parked').action(async (id: string, { api }: ApiOptions) =>
    ended(await watch(new FerryClient(api), terminal, id)),
  );
  for (const [action, description] of [
    ['pause', 'pause before the next step'],
    ['resume', 'go on after a pause'],
    ['cancel', 'roll back; too late once the hand-over has begun'],
    ['approve', 'let a held cut-over begin'],
    ['retry', 'try a parked step again'],
    ['abandon', 'give a parked relocation up as it is'],
  ] as const)
    asking(`${action} <id>`, description).action(async (id: string, { api }: ApiOptions) =>
      ended(await act(new FerryClient(api), terminal, action, id)),
    );
  asking('systems', 'MEC systems of the federation, and who could be joined').action(async ({ api }: ApiOptions) =>
    ended(await systems(new FerryClient(api), terminal)),
  );
  asking('peers', 'who is in reach, and what each can do').action(async ({ api }: ApiOptions) =>
    ended(await peers(new FerryClient(api), terminal)),
  );
  asking('federation [command] [partner]', 'how it stands with each partner; join, suspend, resume or leave one')
    .addOption(
      new Option('--direction <direction>', 'our use of theirs, or theirs of ours; both without').choices(directions),
    )
    .action(
      async (
        said: string | undefined,
        partner: string | undefined,
        options: ApiOptions & { direction?: string },
        asked: Command,
      ) => {
        const client = new FerryClient(options.api);
        if (said === undefined) return ended(await federations(client, terminal));
        const command = federationCommands.find((each) => each === said);
        if (command === undefined || partner === undefined)
          return asked.error(`error: say ${federationCommands.join(', ')}, and which partner`);
        return ended(await federate(client, terminal, command, { partner, direction: options.direction }));
      },
    );
}

const requested = ({ user, maxInterruption, deadline, approve, at }: RequestOptions) => ({
  ...(user !== undefined && { users: user }),
  ...(maxInterruption !== undefined && { maxInterruptionMs: maxInterruption }),
  ...(deadline !== undefined && { deadline }),
  ...(approve && { cutOver: { approval: true as const } }),
  ...(at !== undefined && { cutOver: { at } }),
});

const topology = (): Option =>
  new Option('--topology <name>', 'of the sandbox: two operators that federate, or one alone')
    .choices(['pair', 'alone'] satisfies Topology[])
    .default('pair');

const integer =
  (from: number, to: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to)
      throw new InvalidArgumentError(`A whole number from ${from} to ${to}.`);
    return value;
  };

/** An instant in UTC; one that was typed without its offset is said to have been taken for local time. */
const instant =
  (stderr: Stream) =>
  (text: string): string => {
    const typed = instantTyped(text);
    if (typed === undefined)
      throw new InvalidArgumentError(
        `An instant with its offset, such as ${INSTANT_EXAMPLE}; or local time, such as ${INSTANT_EXAMPLE.slice(0, 19)}.`,
      );
    if (typed.local) stderr.write(`${text} is local time: ${typed.instant}\n`);
    return typed.instant;
  };

/** Title, detail and remedy; never a stack. With `--json` the problem document is the document. */
function explained(error: unknown, terminal: Terminal, stderr: Stream): Exit {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exits.done : exits.usage;
  const say = (...lines: (string | undefined)[]): void =>
    void stderr.write(`${lines.filter((line) => line !== undefined && line !== '').join('\n')}\n`);
  if (error instanceof Refused) {
    const { title, detail, remedy, see, errors } = error.problem;
    if (terminal.json) terminal.document(error.problem);
    say(
      `${title}${detail === '' ? '' : `: ${detail}`}`,
      ...(errors ?? []).map(({ path, message }) => `  ${path}: ${message}`),
      remedy === undefined || remedy === '' ? undefined : `Remedy: ${remedy}`,
      see === undefined ? undefined : `See: ${see}`,
    );
    return exits.refused;
  }
  if (error instanceof Unreachable) {
    say(error.message, 'Is Ferry up? `ferry up` starts it; --api or FERRY_API says where it is.');
    return exits.unreachable;
  }
  say(`ferry: ${error instanceof Error ? error.message : String(error)}`);
  return exits.notThrough;
}
