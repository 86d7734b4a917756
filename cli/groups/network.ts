import { Option } from 'commander';
import { acceptable, type Accepted } from '../../domain/guarantee.ts';
import { type ApiOptions, clientOf, type CommandLine } from '../command-line.ts';
import { peers, sites, where } from '../network.ts';
import { integer, place as onEarth } from '../options.ts';
import { place } from '../placing.ts';

interface PlaceOptions extends ApiOptions {
  readonly user?: string;
  readonly from?: string;
  readonly network?: string;
  readonly near?: { readonly lat: number; readonly lon: number };
  readonly latency?: number;
  readonly among?: string[];
  readonly accept?: Accepted;
}

/** What tells of sites, peers and applications. */
export function network(line: CommandLine): void {
  const { terminal } = line;
  line
    .asking('sites', 'the places between which applications move')
    .action(line.does(async (options: ApiOptions) => await sites(clientOf(options), terminal)));
  line
    .asking('peers', 'who is in reach, and what each can do; the exit status is the verdict', [
      ['ferry peers', 'ends with 1 when one cannot be reached'],
      ['ferry peers -o wide', 'with every capability'],
    ])
    .action(line.does(async (options: ApiOptions) => await peers(clientOf(options), terminal)));
  line
    .asking('where [application]', 'which site serves whom: what the instances say themselves', [
      ['ferry where', 'every application'],
      ['ferry where counter', 'one, with its users'],
    ])
    .action(
      line.does(
        async (application: string | undefined, options: ApiOptions) =>
          await where(clientOf(options), terminal, application),
      ),
    );
  line
    .asking('place <application>', 'which sites fit its users, the best one first; changes nothing', [
      ['ferry place counter', 'every site'],
      ['ferry place counter --network wifi --latency 10', 'for users there, who need an answer within 10 ms'],
      ['ferry place counter --near 48.14,11.58 --among a1 a2', 'for users at that place, of these sites'],
    ])
    .option('--user <tag>', 'one user, by the ueIdentityTag (MEC 014); all without')
    .option('--from <site>', 'who serves them now; every site is asked without')
    .addOption(new Option('--network <network>', 'the access network in which they are').conflicts('near'))
    .option('--near <lat,lon>', 'where they are', onEarth)
    .option('--latency <ms>', 'what they need, against what sites declare', integer(1, 60_000))
    .option('--among <sites...>', 'these sites only')
    .addOption(new Option('--accept <guarantee>', 'the weakest that will do').choices(acceptable))
    .action(
      line.does(async (application: string, options: PlaceOptions) => {
        const { user, from, network: name, near, latency, among, accept } = options;
        const users = name === undefined ? near : { network: name };
        return await place(clientOf(options), terminal, {
          application,
          ...(user !== undefined && { users: user }),
          ...(from !== undefined && { from }),
          ...(users !== undefined && { near: users }),
          ...(latency !== undefined && { kpi: { latencyMs: latency } }),
          ...(among !== undefined && { among }),
          ...(accept !== undefined && { accept }),
        });
      }),
    );
}
