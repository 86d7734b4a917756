import { Argument, type Command, Option } from 'commander';
import { acceptable, type Accepted } from '../../domain/guarantee.ts';
import { WIDEST } from '../../domain/window.ts';
import { type ApiOptions, clientOf, type CommandLine } from '../command-line.ts';
import { type EvacuationCommand, evacuate, evacuationCommands, evacuations, say } from '../evacuating.ts';
import { hold, holds, reopen } from '../holding.ts';
import { instant, integer } from '../options.ts';

interface EvacuateOptions extends ApiOptions {
  readonly to?: readonly string[];
  readonly window?: number;
  readonly perUser?: true;
  readonly accept?: Accepted;
  readonly deadline?: string;
  readonly wait: boolean;
}

/** What takes sites out of service. */
export function evacuating(line: CommandLine): void {
  const { terminal, stderr } = line;
  line
    .asking('evacuate <site>', 'move everything that a site serves to others, and watch it', [
      ['ferry evacuate a1', 'to the other hosts of its MEC system, 50 at once'],
      ['ferry evacuate a1 --to a2 a3 --window 10', 'to these, gently'],
    ])
    .option('--to <sites...>', 'where to; the hosts beside it without')
    .option('--window <n>', 'so many at once (default: 50)', integer(1, WIDEST))
    .option('--per-user', 'users one by one, then whoever is left with an instance')
    .addOption(
      new Option(
        '--accept <guarantee>',
        'the weakest that will do for each: `ferry plan` tells what may be lost',
      ).choices(acceptable),
    )
    .option('--deadline <time>', 'begin nothing after it', instant(stderr))
    .option('--wait', 'watch until it ends', true)
    .option('--no-wait', 'print its id and return')
    .action(
      line.does(async (site: string, { to, window, perUser, accept, deadline, wait, ...options }: EvacuateOptions) => {
        const request = {
          site,
          ...(to !== undefined && { among: to }),
          ...(window !== undefined && { window }),
          ...(perUser && { perUser }),
          ...(accept !== undefined && { accept }),
          ...(deadline !== undefined && { deadline }),
        };
        return await evacuate(clientOf(options), terminal, request, { wait });
      }),
    );
  line
    .asking('evacuations', 'sites that are emptied, or were; watch, pause, resume, resize, cancel or return one', [
      ['ferry evacuations', 'all of them, the latest first'],
      ['ferry evacuations watch a1', 'until it ends'],
      ['ferry evacuations resize a1 --window 10', 'fewer at once from now on'],
      ['ferry evacuations return a1', 'what it has moved away comes back, once a1 is there again'],
    ])
    .addArgument(new Argument('[command]').choices(evacuationCommands))
    .argument('[site]', 'the site: its latest; or the id of one, or the end of it')
    .option('--window <n>', 'with resize and return: so many at once', integer(1, WIDEST))
    .action(
      line.does(
        async (
          command: EvacuationCommand | undefined,
          site: string | undefined,
          { window, ...options }: ApiOptions & { window?: number },
          asked: Command,
        ) => {
          if (command === undefined) return await evacuations(clientOf(options), terminal);
          if (site === undefined) return asked.error(`error: which site? \`ferry evacuations ${command} <site>\``);
          if (command === 'resize' && window === undefined) return asked.error('error: resize needs --window');
          if (command !== 'resize' && command !== 'return' && window !== undefined)
            return asked.error('error: --window belongs to resize and return');
          return await say(clientOf(options), terminal, { command, site, window });
        },
      ),
    );
  line
    .asking('hold <site> [why...]', 'nothing is moved to a site in maintenance, until `ferry reopen`', [
      ['ferry hold a1 new memory', 'then `ferry evacuate a1`'],
    ])
    .action(
      line.does(
        async (site: string, why: readonly string[], options: ApiOptions) =>
          await hold(clientOf(options), terminal, site, why.join(' ')),
      ),
    );
  line
    .asking('holds', 'the sites that are held, and why')
    .action(line.does(async (options: ApiOptions) => await holds(clientOf(options), terminal)));
  line
    .asking('reopen <site>', 'end the hold of a site')
    .action(line.does(async (site: string, options: ApiOptions) => await reopen(clientOf(options), terminal, site)));
}
