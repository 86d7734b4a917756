import { type Command, Option } from 'commander';
import type { Relocation } from '../../api/resources.ts';
import type { Action } from '../../domain/actions.ts';
import { acceptable, type Accepted } from '../../domain/guarantee.ts';
import { type Fence, fences as accepted } from '../../domain/recovery.ts';
import { act, list, listWaiting, moveBack, plan, protect, relocate, show, watch, watchAll } from '../commands.ts';
import { type ApiOptions, clientOf, type CommandLine, type Example } from '../command-line.ts';
import { evacuationOf } from '../evacuating.ts';
import { fences, scrap } from '../fences.ts';
import { resolved } from '../naming.ts';
import { idempotencyKey, instant, integer } from '../options.ts';

interface RequestOptions extends ApiOptions {
  readonly user?: string;
  readonly maxInterruption?: number;
  readonly deadline?: string;
  readonly approve?: true;
  readonly at?: string;
  readonly sourceLost?: true;
  readonly accept?: Accepted;
  readonly acceptLostWrites?: true;
  readonly acceptFence?: Fence;
  readonly acceptOtherUnknown?: true;
}

interface AboutOptions extends ApiOptions {
  readonly acceptLostWrites?: true;
  readonly acceptFence?: Fence;
}

interface ProtectOptions extends ApiOptions {
  readonly user?: string;
  readonly key?: string;
}

interface RelocateOptions extends RequestOptions {
  readonly key?: string;
  readonly wait: boolean;
}

type Filters = Partial<Record<'application' | 'source' | 'target' | 'state' | 'outcome' | 'evacuation', string>>;

interface ListOptions extends ApiOptions, Filters {
  readonly waiting?: true;
  readonly limit?: number;
}

const LOSS = 'what the source acknowledged and had not copied is lost';

const STATES = ['running', 'waiting', 'held', 'paused', 'parked', 'ended'];
/** What a relocation may come to, to be waited for. */
const REACHED = ['held', 'paused', 'parked', 'rollingBack', 'ended'] satisfies Relocation['state'][];
const OUTCOMES = ['relocated', 'relocatedSourceKept', 'rolledBack', 'refused', 'abandoned', 'recovered'];

const ACTIONS = [
  ['pause', 'pause before the next step'],
  ['resume', 'go on after a pause'],
  ['cancel', 'roll back; too late once the hand-over has begun'],
  ['approve', 'let a held cut-over begin'],
  ['retry', 'try a parked step again'],
  ['abandon', 'give a parked relocation up as it is'],
] as const;

/** Whichever is meant by `<relocation>`. */
const NAMES = `
<relocation>: its id, the end of it as \`ferry list\` shows it, or an application:\nthe newest of it that runs; when none does, the one that ended last. A command\nis for the newest that can take it, and for none that has ended.`;

/** What moves applications. */
export function relocations(line: CommandLine): void {
  const { terminal, stderr } = line;
  const requesting = (name: string, description: string, examples: readonly Example[]): Command =>
    line
      .asking(`${name} <application> <source> <target>`, description, examples)
      .option('--user <tag>', 'one user, by the ueIdentityTag (MEC 014); all without')
      .option('--max-interruption <ms>', 'refuse when the freeze is expected to be longer', integer(1, 60_000))
      .option('--deadline <time>', 'roll back when the hand-over has not begun by then', instant(stderr))
      .addOption(new Option('--approve', 'hold the cut-over until `ferry approve`').conflicts('at'))
      .option('--at <time>', 'hold the cut-over until then', instant(stderr))
      .addOption(
        new Option('--accept <guarantee>', 'the weakest that will do: `ferry plan` tells what may be lost').choices(
          acceptable,
        ),
      )
      .addOption(
        new Option('--source-lost', 'take the source to be dead: the target takes its place').conflicts([
          'approve',
          'at',
        ]),
      )
      .addOption(new Option('--accept-lost-writes', 'with --source-lost: what it had not copied is lost'))
      .addOption(acceptFence())
      .addOption(acceptOther())
      .hook('preAction', (_, asked) => {
        const { at, key, ...options } = asked.opts<RequestOptions & Pick<RelocateOptions, 'key'>>();
        const { sourceLost, acceptLostWrites, acceptFence: fence, acceptOtherUnknown } = options;
        // With its key it may be one that is asked for again, to hear what became of it
        if (at !== undefined && key === undefined && Date.parse(at) < Date.now())
          asked.error(`error: ${at} has passed: without --at the cut-over is at once`);
        if (sourceLost && !acceptLostWrites)
          asked.error(
            `error: --source-lost takes the source to be dead, and ${LOSS}: say that you accept it, with --accept-lost-writes`,
          );
        if (!sourceLost && (acceptLostWrites || fence || acceptOtherUnknown))
          asked.error('error: what is accepted of a takeover is for one: say --source-lost as well');
      });
  /** `name`: a relocation that is there; `action`: what it has to be able to take. */
  const about = (
    usage: string,
    description: string,
    work: (client: ReturnType<typeof clientOf>, id: string, options: AboutOptions) => ReturnType<typeof show>,
    action?: Action,
  ): Command =>
    line
      .asking(`${usage} <relocation>`, description)
      .addHelpText('after', NAMES)
      .action(
        line.does(async (name: string, options: AboutOptions) => {
          const client = clientOf(options);
          return await work(client, await resolved(client, name, action), options);
        }),
      );

  requesting('relocate', 'move users of an application from one site to another, and watch it', [
    ['ferry relocate counter cloud a1', 'all users, at once'],
    ['ferry relocate counter cloud a1 --user ue-7 --approve', 'one user; the cut-over waits for `ferry approve`'],
    ['ferry relocate counter cloud a1 --at 2030-01-31T02:00', 'prepared now, cut over at two (local time)'],
    ['ferry relocate counter cloud a1 --no-wait --json | jq -r .id', 'in a script'],
  ])
    .option('--key <key>', 'Idempotency-Key: the same key starts the same relocation once', idempotencyKey)
    .option('--wait', 'watch until it ends', true)
    .option('--no-wait', 'print its id and return')
    .action(
      line.does(async (application: string, source: string, target: string, options: RelocateOptions) => {
        const { key, wait } = options;
        const request = { application, source, target, ...requested(options) };
        return await relocate(clientOf(options), terminal, request, { key, wait });
      }),
    );
  requesting('plan', 'what a relocation would do, and what stands in its way; changes nothing', [
    ['ferry plan counter cloud a1', 'ends with 1 when something stands in the way'],
  ]).action(
    line.does(async (application: string, source: string, target: string, options: RequestOptions) => {
      const request = { application, source, target, ...requested(options) };
      return await plan(clientOf(options), terminal, request);
    }),
  );
  line
    .asking('list', 'relocations: those that run, the newest first, then those that ended, the latest first', [
      ['ferry list --waiting', 'what waits for a person, of every kind'],
      ['ferry list --waiting --limit 1000 --json', 'all of it, in a script'],
      ['ferry list --state ended --outcome rolledBack -o wide', 'what did not go through'],
    ])
    .option('--application <name>')
    .option('--source <site>')
    .option('--target <site>')
    .addOption(new Option('--state <state>').choices(STATES))
    .addOption(
      new Option('--waiting', 'what waits for a person, of every kind, in place of relocations').conflicts([
        'state',
        'outcome',
      ]),
    )
    .addOption(new Option('--outcome <outcome>').choices(OUTCOMES))
    .option('--evacuation <evacuation>', 'what it has begun; by its site, its id, or the end of that')
    .option('--limit <n>', 'at most so many (default: 20)', integer(1, 100_000))
    .action(
      line.does(async ({ waiting, ...options }: ListOptions) => {
        const { application, source, target, state, outcome, limit } = options;
        const client = clientOf(options);
        const evacuation = options.evacuation && (await evacuationOf(client, options.evacuation));
        if (waiting) return await listWaiting(client, terminal, { application, source, target, evacuation }, limit);
        return await list(client, terminal, { application, source, target, state, outcome, evacuation }, limit);
      }),
    );
  about('show', 'everything that is known of one', async (client, id) => await show(client, terminal, id));
  line
    .asking('watch [relocation]', 'follow one until it ends or is parked; without, all of them, and partners', [
      ['ferry watch counter', 'the newest of counter'],
      ['ferry watch counter --until held', 'in a script, before `ferry approve`; 1: it ended without'],
      ['ferry watch -o jsonl', 'every change of any, a line each'],
    ])
    .addHelpText('after', NAMES)
    .addOption(new Option('--until <state>', 'end as well when it is so').choices(REACHED))
    .action(
      line.does(
        async (name: string | undefined, options: ApiOptions & { until?: Relocation['state'] }, asked: Command) => {
          const client = clientOf(options);
          if (name !== undefined) return await watch(client, terminal, await resolved(client, name), options.until);
          if (options.until !== undefined) return asked.error('error: --until needs a relocation');
          return await watchAll(client, terminal);
        },
      ),
    );
  about('return', 'move back what one has moved', async (client, id) => await moveBack(client, terminal, id));
  for (const [action, description] of ACTIONS)
    about(action, description, async (client, id) => await act(client, terminal, action, id), action);
  about(
    'recover',
    'take the source to be dead: the target takes its place',
    async (client, id, options) => await act(client, terminal, 'recover', id, { accept: acceptance(options) }),
    'recover',
  )
    .addOption(new Option('--accept-lost-writes', LOSS))
    .hook('preAction', (_, asked) => {
      if (asked.opts<AboutOptions>().acceptLostWrites !== true)
        asked.error(
          `error: recover takes the source to be dead, and ${LOSS}: say that you accept it, with --accept-lost-writes`,
        );
    })
    .addOption(acceptFence())
    .addOption(acceptOther());
  line
    .asking(
      'protect <application> <source> <target>',
      'keep a standby warm, and watch the source, in case it is lost',
      [['ferry protect counter a1 a2', 'then, at night: ferry recover counter --accept-lost-writes']],
    )
    .option('--user <tag>', 'one user, by the ueIdentityTag (MEC 014); all without')
    .option('--key <key>', 'Idempotency-Key: the same key starts the same protection once', idempotencyKey)
    .action(
      line.does(async (application: string, source: string, target: string, options: ProtectOptions) => {
        const { key, user } = options;
        const cutOver = { standby: true as const };
        const request = { application, source, target, cutOver, ...(user !== undefined && { users: user }) };
        return await protect(clientOf(options), terminal, request, key);
      }),
    );
  line
    .asking('fences', 'sources that were taken to be dead and may come back, and what they had accepted')
    .action(line.does(async (options: ApiOptions) => await fences(clientOf(options), terminal)));
  line
    .asking('scrap <relocation>', 'say that a source of `ferry fences` is gone for good: nobody waits for it')
    .action(line.does(async (name: string, options: ApiOptions) => await scrap(clientOf(options), terminal, name)));
}

const acceptFence = (): Option =>
  new Option('--accept-fence <fence>', 'the weakest that will do: see docs/operations.md').choices(accepted);

const acceptOther = (): Option =>
  new Option('--accept-other-unknown', 'pass over other instances that cannot be asked: see docs/operations.md');

interface Accepting {
  readonly acceptFence?: Fence;
  readonly acceptOtherUnknown?: true;
}

const acceptance = ({ acceptFence: fence, acceptOtherUnknown: otherUnknown }: Accepting) => ({
  lostWrites: true as const,
  ...(fence && { fence }),
  ...(otherUnknown && { otherUnknown }),
});

const requested = (options: RequestOptions) => {
  const { user, maxInterruption, deadline, approve, at, accept, sourceLost } = options;
  return {
    ...(user !== undefined && { users: user }),
    ...(maxInterruption !== undefined && { maxInterruptionMs: maxInterruption }),
    ...(deadline !== undefined && { deadline }),
    ...(approve && { cutOver: { approval: true as const } }),
    ...(at !== undefined && { cutOver: { at } }),
    ...(accept !== undefined && { accept }),
    ...(sourceLost && { sourceLost: { accept: acceptance(options) } }),
  };
};
