import { Option } from 'commander';
import { acceptable, type Accepted } from '../../domain/guarantee.ts';
import { type ApiOptions, clientOf, type CommandLine } from '../command-line.ts';
import { follow, followers, unfollow } from '../followers.ts';
import { integer } from '../options.ts';

interface FollowOptions extends ApiOptions {
  readonly among: readonly string[];
  readonly stay?: number;
  readonly hold?: number;
  readonly perHour?: number;
  readonly look?: number;
  readonly accept?: Accepted;
  readonly anchor?: true;
}

/** Applications that go after their users' devices. */
export function following(line: CommandLine): void {
  const { terminal } = line;
  const seconds = integer(1, 3_600);
  line
    .asking('follow <application> <user>', "let a user's application go after the user's device", [
      ['ferry follow counter ue-7 --among a1 w1', 'to the site of the network that the device is in'],
    ])
    .requiredOption('--among <sites...>', 'at which the user may be served')
    .option('--stay <s>', 'so long the device has been in a network first (default: 10)', seconds)
    .option('--hold <s>', 'so long nothing follows after a move, at least (default: 60)', seconds)
    .option('--per-hour <n>', 'moves, at most (default: 12)', integer(1, 60))
    .option('--look <s>', 'so often it is asked where the device is (default: 600)', integer(10, 3_600))
    .addOption(new Option('--accept <guarantee>', 'the weakest that will do for each move').choices(acceptable))
    .option('--anchor', 'where it cannot be moved, or a service is missing, lead the device to where it is')
    .action(
      line.does(async (application: string, user: string, asked: FollowOptions) => {
        const { among, stay, hold, perHour, look, accept, anchor } = asked;
        return await follow(clientOf(asked), terminal, {
          application,
          user,
          among,
          ...(stay !== undefined && { staySeconds: stay }),
          ...(hold !== undefined && { holdSeconds: hold }),
          ...(perHour !== undefined && { perHour }),
          ...(look !== undefined && { lookSeconds: look }),
          ...(accept !== undefined && { accept }),
          ...(anchor !== undefined && { anchor }),
        });
      }),
    );
  line
    .asking('followers [follower]', 'who is followed: where the device is, where its user is served')
    .action(
      line.does(
        async (name: string | undefined, options: ApiOptions) => await followers(clientOf(options), terminal, name),
      ),
    );
  line
    .asking('unfollow <follower>', 'nothing follows any more; a move under way goes on')
    .action(line.does(async (name: string, options: ApiOptions) => await unfollow(clientOf(options), terminal, name)));
}
