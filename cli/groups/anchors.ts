import { Argument, type Command } from 'commander';
import type { AnchorAction } from '../../api/anchor.ts';
import { anchor, anchorAct, anchors } from '../anchoring.ts';
import { type ApiOptions, clientOf, type CommandLine } from '../command-line.ts';
import { integer } from '../options.ts';

interface AnchorOptions extends ApiOptions {
  readonly user?: string;
  readonly wait: boolean;
}

const ACTIONS = ['show', 'release', 'retry', 'abandon'] as const satisfies readonly (AnchorAction | 'show')[];
type Said = (typeof ACTIONS)[number];
const isAction = (word: string): word is Said => (ACTIONS as readonly string[]).includes(word);

/** What leads devices of another access network to an application that stays where it is. */
export function anchoring(line: CommandLine): void {
  const { terminal } = line;
  line
    .asking('anchor', 'lead devices of an access network to an application that stays where it is; or release that', [
      ['ferry anchor counter a1 wifi', 'whoever is in wifi is led to the instance at a1'],
      ['ferry anchor counter a1 wifi --user ue-7', 'one user'],
      ['ferry anchor release 1f3c9a2b', 'devices are led there no more, what was made for it goes'],
    ])
    .addArgument(
      new Argument('<what...>', 'application, source and network; or show, release, retry, abandon and an id'),
    )
    .option('--user <tag>', 'one user, by the ueIdentityTag (MEC 014); whoever is there without')
    .option('--wait', 'until it holds, or is released', true)
    .option('--no-wait', 'tell how it is now')
    .action(
      line.does(async (words: readonly string[], { user, wait, ...options }: AnchorOptions, asked: Command) => {
        const [first = '', second = '', network, ...more] = words;
        if (words.length === 2 && isAction(first))
          return await anchorAct(clientOf(options), terminal, { action: first, name: second, wait });
        if (network === undefined || more.length > 0)
          return asked.error('error: `ferry anchor <application> <source> <network>`, or `ferry anchor release <id>`');
        const request = { application: first, source: second, network, ...(user !== undefined && { users: user }) };
        return await anchor(clientOf(options), terminal, request, { wait });
      }),
    );
  line
    .asking('anchors', 'anchors: those that run, then those that ended, the latest first')
    .option('--limit <n>', 'at most so many (default: 20)', integer(1, 100_000))
    .action(
      line.does(
        async ({ limit = 20, ...options }: ApiOptions & { limit?: number }) =>
          await anchors(clientOf(options), terminal, limit),
      ),
    );
}
