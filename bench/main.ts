import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isBuilt } from '../cli/built.ts';
import { temporalCli } from '../servers/obtain.ts';
import { run } from '../servers/program.ts';
import { facts, load } from './harness/facts.ts';
import { publish } from './harness/page.ts';
import { proven, type Result, type Results } from './harness/results.ts';
import { carryOut } from './harness/run.ts';
import { table } from './harness/table.ts';
import { measures } from './measures.ts';
import { PROFILE } from './stage/server.ts';
import { SharedStage } from './stage/shared.ts';

/** Measures Ferry against its twins (docs/performance.md). Ends with 1 where a measure fails, or comes to no end. */
const HELP = `npm run bench -- [names] [options]

  names              what is measured: NAMES; all of them by default
  --quick            few pairs and small sizes: what it says of time is a hint
  --prove            try the bad variants too: each has to miss its target
  --json             results as JSON instead of a table
  --publish          write docs/performance.md, its pictures and the raw data from this run
  --render <folder>  the same from the results of an earlier run, and measure nothing
  --minutes <n>      each measure may take so long, instead of its own time
  --seed <n>         of everything that is drawn (1)
  --out <folder>     where results and raw data go (.ferry/bench)
`;

const understood = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      prove: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      render: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: '.ferry/bench' },
    },
  });
type Understood = ReturnType<typeof understood>;

const names = measures.map(({ name }) => name);
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** What is measured is the build of this very source. */
async function built(): Promise<void> {
  if (isBuilt()) return;
  tell('building what is to be measured');
  const args = ['--import', import.meta.resolve('tsx'), 'cli/build.ts'];
  await run('the build', { program: process.execPath, args, limitMs: BUILD_MS }, tell);
}
const BUILD_MS = 600_000;

/** Longer than a day says nothing more. */
const MOST_MINUTES = 1_440;

function secondsOf(minutes: string | undefined): number | undefined {
  if (minutes === undefined) return undefined;
  const many = Number(minutes);
  if (!(many > 0 && many <= MOST_MINUTES))
    throw new Error(
      `--minutes is how long each measure may take: more than 0, ${MOST_MINUTES} at most, and not ${minutes}`,
    );
  return many * 60;
}

function seedOf(seed: string): number {
  if (!/^\d{1,9}$/.test(seed)) throw new Error(`--seed is a whole number of up to nine digits, and not ${seed}`);
  return Number(seed);
}

/** Whole or not at all: what an earlier measure found outlives a disk that is full. */
function kept(folder: string, results: Results): boolean {
  const file = join(folder, 'results.json');
  try {
    writeFileSync(`${file}.part`, `${JSON.stringify(results, null, 2)}\n`);
    renameSync(`${file}.part`, file);
    return true;
  } catch (error) {
    tell(`results are not written: ${(error as Error).message}`);
    return false;
  }
}

async function bench({ values: options, positionals: asked }: Understood): Promise<void> {
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no measure is called ${unknown.join(', ')}: there are ${names.join(', ')}`);
  const chosen = measures.filter(({ name, alone }) =>
    asked.length === 0 ? alone === undefined : asked.includes(name),
  );
  const [seconds, seed] = [secondsOf(options.minutes), seedOf(options.seed)];
  const folder = resolve(options.out, new Date().toISOString().replaceAll(':', '-'));
  mkdirSync(folder, { recursive: true });
  const stage = new SharedStage(folder);
  const ground = { quick: options.quick, seed, folder, tell, shared: async () => await stage.use() };
  await built();
  const known = facts(seed, options.quick, await temporalCli(), PROFILE);
  tell(`raw data and results: ${folder}`);

  const found: Result[] = [];
  const results = (): Results => ({ facts: { ...known, loadAfter: load() }, measures: found });
  process.once('SIGINT', () => {
    const ended = found.map(({ name }) => name).join(', ') || 'none';
    tell(`interrupted: measures that came to an end (${ended}) are in ${folder}, with the raw data of all`);
    process.exit(130); // whatever it has started dies with it
  });
  try {
    for (const measure of chosen) {
      if (measure.shares === undefined) await stage.end();
      found.push(await carryOut(measure, { ground, facts: known, prove: options.prove, seconds }));
      kept(folder, results());
    }
  } finally {
    await stage.end();
  }
  const all = results();
  process.stdout.write(options.json ? `${JSON.stringify(all, null, 2)}\n` : `${table(found)}\n`);
  const written = kept(folder, all);
  if (written && options.publish) await publish(folder, tell);
  if (!written || found.some(missed)) process.exitCode = 1;
}

const missed = ({ verdict, broken, proofs }: Result): boolean =>
  verdict === 'fail' || broken !== undefined || proofs.some((each) => proven(each) === 'survived');

try {
  const asked = understood();
  const { help, render } = asked.values;
  if (help) process.stdout.write(HELP.replace('NAMES', names.join(', ')));
  else if (render !== undefined) await publish(resolve(render), tell);
  else await bench(asked);
} catch (error) {
  tell((error as Error).message);
  process.exitCode = 1;
}
process.exit(); // whatever a measure that came to no end has left
