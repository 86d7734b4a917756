import type { Command } from 'commander';
import { Name } from '../../domain/name.ts';
import type { CommandLine } from '../command-line.ts';
import { apiUrl, type Contexts, readContexts, writeContexts } from '../contexts.ts';
import { exits } from '../exits.ts';
import { table } from '../table.ts';
import { NoContext } from '../target.ts';
import type { Terminal } from '../terminal.ts';

const COMMANDS = ['use', 'set', 'delete'] as const;

/** Several Ferrys, by names of one's own. */
export function contexts(line: CommandLine): void {
  const { terminal } = line;
  line
    .command('context [command] [name]', 'the Ferrys that are known by a name, and which one is asked', [
      ['ferry context set munich --api https://ferry.munich.example', 'one more; the first is asked from now on'],
      ['ferry context use munich', 'ask this one where nothing else is said'],
      ['ferry list --context munich', 'ask it once'],
    ])
    .addHelpText(
      'after',
      '\n--api and --context win over FERRY_API, that over FERRY_CONTEXT,\nand that over the context in use.',
    )
    .option('--api <url>', 'of `set`: where it is')
    .action(
      line.does(
        async (said: string | undefined, name: string | undefined, { api }: { api?: string }, asked: Command) => {
          const known = readContexts();
          if (said === undefined) return shown(known, terminal);
          const command = COMMANDS.find((each) => each === said);
          if (command === undefined || name === undefined)
            return asked.error(`error: say ${COMMANDS.join(', ')}, and which context`);
          if (!Name.safeParse(name).success)
            return asked.error('error: a name has letters, digits, dots, dashes and underscores, at most 63');
          if (command === 'set') {
            const url = apiUrl(api ?? '');
            if (url === undefined) return asked.error('error: --api says where it is, such as https://ferry.example');
            return kept({ current: known.current ?? name, contexts: { ...known.contexts, [name]: { api: url } } });
          }
          if (!Object.hasOwn(known.contexts, name)) throw new NoContext(name, Object.keys(known.contexts));
          if (command === 'use') return kept({ ...known, current: name });
          const { [name]: _, ...others } = known.contexts;
          return kept({ current: known.current === name ? null : known.current, contexts: others });
        },
      ),
    );

  function kept(changed: Contexts): 0 {
    writeContexts(changed);
    return shown(changed, terminal);
  }
}

function shown({ current, contexts: known }: Contexts, terminal: Terminal): 0 {
  const rows = Object.entries(known).map(([name, { api }]) => ({ name, api, current: name === current }));
  if (terminal.json) terminal.list({ contexts: rows }, rows);
  else if (rows.length === 0) terminal.tell('No contexts.');
  else
    terminal.tell(
      table(
        ['', 'context', 'API'],
        rows.map((row) => [row.current ? '*' : '', row.name, row.api]),
        terminal,
      ),
    );
  return exits.done;
}
