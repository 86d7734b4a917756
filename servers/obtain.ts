import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, isExecutable, locked, madeWhole, onPath, type Say } from './cache.ts';
import { elapsed } from './program.ts';
import { byDownload, byGo, byMaven, type Way } from './ways.ts';

/** What is wanted, and where it may come from, in this order: explicit path, PATH, cache, then the ways to make it. */
interface Wanted {
  readonly what: string;
  readonly variable: string;
  readonly command?: string;
  readonly ways: readonly Way[];
}

const tell: Say = (line) => void process.stderr.write(`${line}\n`);

/** Path of the Temporal CLI, whose `server start-dev` is the dev server. Throws an Error that names each remedy. */
export const temporalCli = async (say: Say = tell): Promise<string> =>
  await obtain(
    {
      what: 'the Temporal CLI',
      variable: 'TEMPORAL_CLI_PATH',
      command: 'temporal',
      ways: [byDownload('cli', 'temporal'), byGo],
    },
    say,
  );

/** Path of the time-skipping test server, called as `<path> <port>`. Throws an Error that names each remedy. */
export const testServer = async (say: Say = tell): Promise<string> =>
  await obtain(
    {
      what: 'the time-skipping test server',
      variable: 'TEMPORAL_TEST_SERVER_PATH',
      ways: [byDownload('testServer', 'temporal-test-server'), byMaven],
    },
    say,
  );

async function obtain({ what, variable, command, ways }: Wanted, say: Say): Promise<string> {
  const explicit = process.env[variable];
  if (explicit !== undefined && explicit !== '') {
    if (await isExecutable(explicit)) return explicit;
    throw new Error(`${variable} names no executable file: ${explicit}`);
  }
  const found = (command === undefined ? undefined : await onPath(command)) ?? (await cached(ways));
  if (found !== undefined) return found;
  return await locked(ways[0]?.program ?? what, say, async () => {
    const meanwhile = await cached(ways);
    return meanwhile ?? (await make(what, variable, ways, say));
  });
}

async function cached(ways: readonly Way[]): Promise<string | undefined> {
  for (const { entry, program } of ways) {
    const path = join(cacheFolder(), entry, program);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function make(what: string, variable: string, ways: readonly Way[], say: Say): Promise<string> {
  const tried: string[] = [];
  for (const way of ways) {
    const { title, entry, program, remedy } = way;
    const begun = performance.now();
    say(`obtaining ${what}: ${title}`);
    try {
      await madeWhole(entry, async (folder) => await way.make(folder, say));
      const path = join(cacheFolder(), entry, program);
      say(`obtained ${what} in ${elapsed(begun)}: ${path}`);
      return path;
    } catch (error) {
      say(`${title}: failed after ${elapsed(begun)}`);
      tried.push(`  - ${title}: ${(error as Error).message}\n    Remedy: ${remedy}`);
    }
  }
  throw new Error(
    [`Could not obtain ${what}.`, ...tried, `  - or set ${variable} to the path of one that is there.`].join('\n'),
  );
}

/** As a script: both servers, before the tests. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    for (const path of [await temporalCli(), await testServer()]) process.stdout.write(`${path}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
