import { type Command, Option } from 'commander';
import type { CommandLine } from '../command-line.ts';
import type { Topology } from '../ferries.ts';
import { integer, packageFile } from '../options.ts';

/** What starts processes, and stays. */
export function processes(line: CommandLine): void {
  const app = packageFile((folder) => line.terminal.hints.command('package', folder));
  line
    .command('up', 'start Temporal, PostgreSQL, a sandbox, worker and API of each operator, and stay up', [
      ['ferry up --tour', 'with an application that is moved through every direction, under load'],
      ['ferry up --tour --exit', 'the same, as a check: the exit status is its verdict'],
      ['ferry up --topology alone --app notes.zip --tour', 'with an application of yours'],
      ['FERRY_CONFIG=ferry.json ferry up', 'with peers of yours instead of a sandbox'],
    ])
    .option('--tour', 'move the application through every direction, under load, and show what its devices noticed')
    .option('--exit', 'end after the tour; the exit status is its verdict')
    .option('--port <port>', 'of the API', integer(1, 65_535), 8700)
    .option('--net <n>', 'network of the sandbox, 127.n.0.0/16', integer(1, 254), 10)
    .addOption(topology())
    .option('--app <package>', 'an application of yours in the sandbox, instead of the counter', app)
    .option('--mtls', 'its peers and authorization servers hear nobody without a certificate')
    .option('--data <folder>', "databases, logs, the sandbox's files", '.ferry')
    .action(
      line.does(async (options: UpOptions, command: Command) => {
        const [wantsTour, exit] = [options.tour === true, options.exit === true];
        if (exit && !wantsTour) command.error('error: --exit needs --tour');
        if (wantsTour && (process.env['FERRY_CONFIG'] ?? '') !== '')
          command.error('error: the tour needs the sandbox, but FERRY_CONFIG names other peers');
        const { up } = await import('../up.ts');
        return await up({ ...options, tour: wantsTour, exit }, line.terminal);
      }),
    );

  line
    .command('sandbox', 'start the sandbox alone: peers for any client of their APIs', [
      ['ferry sandbox --app notes-1.0.0.zip', 'with an application of yours; without Ferry nothing moves it'],
      ['ferry sandbox --mtls', 'whose peers, and the counter, ask whoever calls for a certificate'],
    ])
    .option('--net <n>', 'its network, 127.n.0.0/16', integer(1, 254), 10)
    .addOption(topology())
    .option('--app <package>', 'an application of yours, instead of the counter', app)
    .option('--mtls', 'peers ask for a certificate; the configuration names one that they take')
    .option('--data <folder>', 'its files', '.ferry')
    .action(
      line.does(async (options: Options) => {
        const { sandbox } = await import('../sandbox.ts');
        return await sandbox(options, line.terminal);
      }),
    );
}

interface Options {
  readonly app?: string;
  readonly net: number;
  readonly topology: Topology;
  readonly data: string;
  readonly mtls?: true;
}

interface UpOptions extends Options {
  readonly tour?: true;
  readonly exit?: true;
  readonly port: number;
}

const topology = (): Option =>
  new Option('--topology <name>', 'of the sandbox: two operators that federate, or one alone')
    .choices(['pair', 'alone'] satisfies Topology[])
    .default('pair');
