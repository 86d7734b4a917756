import { mkdirSync, writeFileSync } from 'node:fs';
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

/** Measures Ferry against its twins (docs/performance.md). Ends with 1 where a measure fails. */
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

const { values: options, positionals: asked } = parseArgs({
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

async function bench(): Promise<void> {
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no measure is called ${unknown.join(', ')}: there are ${names.join(', ')}`);
  const chosen = measures.filter(({ name, alone }) =>
    asked.length === 0 ? alone === undefined : asked.includes(name),
  );
  const seconds = options.minutes === undefined ? undefined : Number(options.minutes) * 60;
  if (seconds !== undefined && !(seconds > 0)) throw new Error('--minutes is how long each measure may take: a number');
  const seed = Number(options.seed);
  const folder = resolve(options.out, new Date().toISOString().replaceAll(':', '-'));
  mkdirSync(folder, { recursive: true });
  const stage = new SharedStage(folder);
  const ground = { quick: options.quick, seed, folder, tell, shared: async () => await stage.use() };
  await built();
  const known = facts(seed, options.quick, await temporalCli(), PROFILE);
  tell(`raw data and results: ${folder}`);

  const found: Result[] = [];
  const write = (): Results => {
    const results = { facts: { ...known, loadAfter: load() }, measures: found };
    writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
    return results;
  };
  try {
    for (const measure of chosen) {
      if (measure.shares === undefined) await stage.end();
      found.push(await carryOut(measure, { ground, facts: known, prove: options.prove, seconds }));
      write();
    }
  } finally {
    await stage.end();
  }
  const results = write();
  if (options.publish) await publish(folder, tell);
  process.stdout.write(options.json ? `${JSON.stringify(results, null, 2)}\n` : `${table(found)}\n`);
  if (found.some(({ verdict, proofs }) => verdict === 'fail' || proofs.some((each) => proven(each) === 'survived')))
    process.exitCode = 1;
}

try {
  if (options.help) process.stdout.write(HELP.replace('NAMES', names.join(', ')));
  else if (options.render !== undefined) await publish(resolve(options.render), tell);
  else await bench();
} catch (error) {
  tell((error as Error).message);
  process.exitCode = 1;
}
