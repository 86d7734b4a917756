import { type ApiOptions, clientOf, type CommandLine } from '../command-line.ts';
import { peers, sites, where } from '../network.ts';

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
}
