import type { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { integer } from '../options.ts';

/** What starts processes, and stays. */
export function processes(line: CommandLine): void {
  line
    .command('up', 'start Temporal, a sandbox, the worker and the API, and stay up', [
      ['ferry up --tour', 'with an application that is moved through every direction, under load'],
      ['ferry up --tour --exit', 'the same, as a check: the exit status is its verdict'],
      ['FERRY_CONFIG=ferry.json ferry up', 'with peers of yours instead of a sandbox'],
    ])
    .option('--tour', 'move an application through every direction, under load, and show what its devices noticed')
    .option('--exit', 'end after the tour; the exit status is its verdict')
    .option('--port <port>', 'of the API', integer(1, 65_535), 8700)
    .option('--net <n>', 'network of the sandbox, 127.n.0.0/16', integer(1, 254), 10)
    .option('--data <folder>', "Temporal's database, logs, the sandbox's files", '.ferry')
    .action(
      line.does(
        async (options: { tour?: true; exit?: true; port: number; net: number; data: string }, command: Command) => {
          const [wantsTour, exit] = [options.tour === true, options.exit === true];
          if (exit && !wantsTour) command.error('error: --exit needs --tour');
          if (wantsTour && (process.env['FERRY_CONFIG'] ?? '') !== '')
            command.error('error: the tour needs the sandbox, but FERRY_CONFIG names other peers');
          const { up } = await import('../up.ts');
          return await up({ ...options, tour: wantsTour, exit }, line.terminal);
        },
      ),
    );

  line
    .command('sandbox', 'start the sandbox alone: peers for any client of their APIs')
    .option('--net <n>', 'its network, 127.n.0.0/16', integer(1, 254), 10)
    .option('--data <folder>', 'its files', '.ferry')
    .action(
      line.does(async (options: { net: number; data: string }) => {
        const { sandbox } = await import('../sandbox.ts');
        return await sandbox(options, line.terminal);
      }),
    );
}
