import { type Command, Option } from 'commander';
import { directions, federationCommands } from '../../domain/federation.ts';
import { type ApiOptions, clientOf, type CommandLine } from '../command-line.ts';
import { bindings, consume, release } from '../consuming.ts';
import { discover, type DiscoverOptions, requestOf, sought } from '../discover.ts';
import { federate, federations, systems } from '../federation.ts';
import { offers, zones } from '../offers.ts';
import { integer, place } from '../options.ts';

/** What tells of other operators, and says what we want of them. */
export function federation(line: CommandLine): void {
  const { terminal } = line;
  line
    .asking('systems', 'the MEC systems of the federation: ours, and those that partners told of')
    .action(line.does(async (options: ApiOptions) => await systems(clientOf(options), terminal)));
  line
    .asking('offers [name]', 'services and applications that members offer: ours, and those that partners told of', [
      ['ferry offers', 'all that is known; nobody is asked'],
      ['ferry offers speech --kind service', 'one name of one kind'],
    ])
    .addOption(new Option('--kind <kind>', 'of one kind only').choices(['service', 'application']))
    .action(
      line.does(
        async (name: string | undefined, options: ApiOptions & { kind?: string }) =>
          await offers(clientOf(options), terminal, { kind: options.kind, name }),
      ),
    );
  line
    .asking('zones', 'where hosts are: ours, and the zones that partners offer')
    .action(line.does(async (options: ApiOptions) => await zones(clientOf(options), terminal)));
  line
    .asking('consume <name>', "use another operator's service at one of our platforms, and watch its steps", [
      ['ferry consume speech --at cellular/a2', 'system, as the configuration calls it, and host'],
    ])
    .requiredOption('--at <system/host>', 'where applications are to find it')
    .addOption(new Option('--kind <kind>', 'what it is').choices(['service', 'application']).default('service'))
    .action(
      line.does(
        async (name: string, options: ApiOptions & { at: string; kind: 'service' | 'application' }, asked: Command) => {
          const [system = '', platform = '', ...rest] = options.at.split('/');
          if (system === '' || platform === '' || rest.length > 0)
            return asked.error('error: --at says system and host, such as cellular/a2');
          return await consume(clientOf(options), terminal, { system, platform, kind: options.kind, name });
        },
      ),
    );
  line
    .asking('bindings', 'what we use of partners, and what they use of ours')
    .option('--all', 'those too that were closed in the last day')
    .action(
      line.does(
        async (options: ApiOptions & { all?: true }) =>
          await bindings(clientOf(options), terminal, options.all === true),
      ),
    );
  line
    .asking(
      'release <binding>',
      'end a binding, by its id or the end of it; one that is being bound is given up, and undone',
    )
    .action(line.does(async (id: string, options: ApiOptions) => await release(clientOf(options), terminal, id)));
  line
    .asking('federation [command] [partner]', 'how it stands with each partner; join, suspend, resume or leave one', [
      ['ferry federation', 'every partner, and both directions'],
      ['ferry federation suspend operator-b', 'at once, whether or not it hears of it'],
    ])
    .addOption(
      new Option('--direction <direction>', 'our use of theirs, or theirs of ours; both without').choices(directions),
    )
    .action(
      line.does(
        async (
          said: string | undefined,
          partner: string | undefined,
          options: ApiOptions & { direction?: string },
          asked: Command,
        ) => {
          if (said === undefined) return await federations(clientOf(options), terminal);
          const command = federationCommands.find((each) => each === said);
          if (command === undefined || partner === undefined)
            return asked.error(`error: say ${federationCommands.join(', ')}, and which partner`);
          return await federate(clientOf(options), terminal, command, { partner, direction: options.direction });
        },
      ),
    );
  line
    .asking(
      'discover <what> <name...>',
      'who has what in the federation: ours, and what partners tell of; ends with 1 when nothing is found',
      [
        ['ferry discover service speech', 'platforms that offer it, the most suitable first'],
        ['ferry discover service speech --near 48.14,11.58 --within 30 --latency 20', 'near a place, and quick enough'],
        ['ferry discover application navigation --systems', 'all systems that have it'],
        ['ferry discover device car-1 car-2', 'who serves these devices'],
      ],
    )
    .addHelpText('after', `\n<what>: ${sought.join(', ')}`)
    .option('--systems', 'systems that have it, instead of platforms')
    .option('--near <lat,lon>', 'near this place', place)
    .option('--within <km>', 'no further from there (default: 50)', integer(1, 20_000))
    .option('--latency <ms>', 'at most', integer(1, 60_000))
    .option('--bandwidth <kbps>', 'at least', integer(1, 1_000_000_000))
    .option('--for <application>', 'which application is to use it')
    .option('--wait <seconds>', 'so long for partners', integer(0, 10), 10)
    .action(
      line.does(
        async (said: string, names: readonly string[], options: ApiOptions & DiscoverOptions, asked: Command) => {
          const what = sought.find((each) => each === said);
          if (what === undefined) return asked.error(`error: say what: ${sought.join(', ')}`);
          if (what !== 'device' && names.length > 1) return asked.error(`error: one ${what} at a time`);
          return await discover(clientOf(options), terminal, requestOf(what, names, options), options.wait);
        },
      ),
    );
}
