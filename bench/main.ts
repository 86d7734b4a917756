import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { temporalCli } from '../servers/obtain.ts';
import { facts, load } from './harness/facts.ts';
import { publish } from './harness/page.ts';
import { proven, type Result, type Results } from './harness/results.ts';
import { carryOut } from './harness/run.ts';
import { table } from './harness/table.ts';
import { measures } from './measures.ts';
import { PROFILE } from './stage/server.ts';

/** `npm run bench -- [names]`: measures Ferry against its twins (docs/performance.md). */
interface Options {
  readonly quick: boolean;
  readonly prove: boolean;
  readonly json: boolean;
  readonly publish: boolean;
  readonly seed: string;
  readonly out: string;
}

const names = measures.map(({ name }) => name);
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

async function bench(asked: readonly string[], options: Options): Promise<void> {
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no measure is called ${unknown.join(', ')}: there are ${names.join(', ')}`);
  const seed = Number(options.seed);
  const folder = resolve(options.out, new Date().toISOString().replaceAll(':', '-'));
  mkdirSync(folder, { recursive: true });
  const ground = { quick: options.quick, seed, folder, tell };
  const known = facts(seed, options.quick, await temporalCli(), PROFILE);
  tell(`raw data and results: ${folder}`);

  const found: Result[] = [];
  const write = (): Results => {
    const results = { facts: { ...known, loadAfter: load() }, measures: found };
    writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
    return results;
  };
  for (const measure of measures) {
    if (asked.length > 0 && !asked.includes(measure.name)) continue;
    found.push(await carryOut(measure, { ground, facts: known, prove: options.prove }));
    write();
  }
  const results = write();
  if (options.publish) await publish(folder, tell);
  process.stdout.write(options.json ? `${JSON.stringify(results, null, 2)}\n` : `${table(found)}\n`);
  if (found.some(({ verdict, proofs }) => verdict === 'fail' || proofs.some((each) => proven(each) === 'survived')))
    process.exitCode = 1;
}

const program = new Command('bench')
  .description('Measures Ferry against its twins. Ends with 1 where a measure fails.')
  .argument('[names...]', `what is measured: ${names.join(', ')}; all of them by default`)
  .option('--quick', 'few pairs and small sizes: what it says of time is a hint', false)
  .option('--prove', 'try the bad variants too: each has to miss its target', false)
  .option('--json', 'results as JSON instead of a table', false)
  .option('--publish', 'write docs/performance.md, its pictures and the raw data from this run', false)
  .addOption(new Option('--seed <n>', 'of everything that is drawn').default('1'))
  .addOption(new Option('--out <folder>', 'where results and raw data go').default('.ferry/bench'))
  .action(bench);
program
  .command('render <folder>')
  .description('write docs/performance.md and its pictures from the results in this folder')
  .action(async (folder: string) => await publish(resolve(folder), tell));

try {
  await program.parseAsync();
} catch (error) {
  tell((error as Error).message);
  process.exitCode = 1;
}
