import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measures } from '../measures.ts';
import type { Facts } from './facts.ts';
import type { Picture } from './measure.ts';
import { lines } from './picture.ts';
import type { Result, Results } from './results.ts';
import type { Block } from './rounds.ts';
import { markdown, titleOf } from './table.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const page = join(root, 'docs', 'performance.md');
/** What was published: of each measure the last run, its results, raw data and pictures. */
export const published = join(root, 'docs', 'performance');

const [BEGIN, END] = ['<!-- measured: written by `npm run bench` -->', '<!-- end of measured -->'];

const picturesOf = (name: string): readonly Picture[] =>
  measures.find((measure) => measure.name === name)?.pictures ?? [];

/** What stands on the page between its two marks. Null: nothing has been measured yet, and it says so. */
export function measured(results: Results | null): string {
  if (results === null)
    return 'Not measured yet: `npm run bench -- --publish` on a quiet machine writes the figures here.';
  const sections = results.measures.map(({ id, name, question }) =>
    [
      `### ${titleOf({ id, name })}`,
      wrapped(question),
      ...picturesOf(name).map((picture) => `![${picture.title}](performance/${name}-${picture.name}.svg)`),
      `![${titleOf({ id, name })}](performance/${name}.svg)`,
      `[Raw data](performance/${name}.jsonl)`,
    ].join('\n\n'),
  );
  return [...runsOf(results).map(told), markdown(results.measures), ...sections].join('\n\n');
}

interface Run {
  readonly facts: Facts;
  readonly measures: readonly Result[];
}

/** Which measures one run has had: a single one may have been measured anew. */
function runsOf({ facts, measures: all }: Results): readonly Run[] {
  const runs = new Map<string, { facts: Facts; measures: Result[] }>();
  for (const measure of all) {
    const own = measure.facts ?? facts;
    const run = runs.get(own.at) ?? { facts: own, measures: [] };
    run.measures.push(measure);
    runs.set(own.at, run);
  }
  return [...runs.values()];
}

const told = ({ facts, measures: own }: Run): string =>
  wrapped(
    [
      `${own.map(titleOf).join(', ')}: measured at ${facts.at}, commit`,
      `\`${facts.commit.slice(0, 12)}\`${facts.dirty ? ' with changes that were not committed' : ''},`,
      `seed ${facts.seed}${facts.quick ? ', **with `--quick`: what it says of time is a hint**' : ''}.`,
      `${facts.cores} cores (${facts.processor}), load ${facts.loadBefore.join(' / ')} before and`,
      `${facts.loadAfter.join(' / ')} after; Node ${facts.node}, Temporal SDK ${facts.sdk}, ${facts.temporal};`,
      `SQLite profile ${facts.profile}. ${Math.ceil(own.reduce((sum, { seconds }) => sum + seconds, 0) / 60)} minutes.`,
      '[Results](performance/results.json); raw data of each measure beside them.',
    ].join(' '),
  );

/** As the house's Markdown is wrapped. */
function wrapped(text: string): string {
  const done: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > 100) {
      done.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...done, line].join('\n');
}

/** The page with this between its marks. */
export function rewritten(text: string, between: string): string {
  const [before = '', rest = ''] = text.split(BEGIN);
  const [, after] = rest.split(END);
  if (after === undefined) throw new Error(`docs/performance.md has lost its marks: ${BEGIN} and ${END}`);
  return `${before}${BEGIN}\n\n${between}\n\n${END}${after}`;
}

const resultsIn = (folder: string): Results | null => {
  const file = join(folder, 'results.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : null;
};
export const publishedResults = (): Results | null => resultsIn(published);

/** Of both, of each measure the newer; each with what it has to be read with, and in the order of the measures. */
export function merged(older: Results | null, newer: Results): Results {
  const all = [older, newer].flatMap((each) =>
    (each?.measures ?? []).map((measure) => ({ ...measure, facts: measure.facts ?? each?.facts ?? newer.facts })),
  );
  const last = measures.flatMap(({ name }) => all.findLast((each) => each.name === name) ?? []);
  return { facts: newer.facts, measures: last };
}

/** Everything that is to be taken over is there, and of this version: before what stands there is touched. */
function foundIn(folder: string): Results {
  let found: Results | null;
  try {
    found = resultsIn(folder);
  } catch (error) {
    throw new Error(`results.json of ${folder} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (found === null) throw new Error(`${folder} has no results.json: no run of the benchmark has ended there`);
  const all: readonly Pick<Result, 'name'>[] = Array.isArray(found.measures) ? found.measures : [];
  if (all.length === 0)
    throw new Error(`results.json of ${folder} tells of no measure: nothing has come to an end there`);
  const unknown = all.filter(({ name }) => !measures.some((measure) => measure.name === name));
  if (unknown.length > 0)
    throw new Error(
      `${folder} is of another version: no measure is called ${unknown.map(({ name }) => name).join(', ')}`,
    );
  const lost = all.filter(({ name }) => !existsSync(join(folder, `${name}.jsonl`)));
  if (lost.length > 0)
    throw new Error(`${folder} has no raw data of ${lost.map(({ name }) => name).join(', ')}: no figure without them`);
  return found;
}

/** Takes the results of a run over into the documentation, raw data and all. What it has not measured stays as it is. */
export async function publish(folder: string, tell: (line: string) => void): Promise<void> {
  const newer = foundIn(folder);
  const results = merged(publishedResults(), newer);
  mkdirSync(published, { recursive: true });
  for (const file of readdirSync(published))
    if (!results.measures.some(({ name }) => file === `${name}.jsonl`)) rmSync(join(published, file));
  for (const { name } of newer.measures) copyFileSync(join(folder, `${name}.jsonl`), join(published, `${name}.jsonl`));
  for (const { id, name, figures } of results.measures) {
    const samples = measuredIn(join(published, `${name}.jsonl`));
    writeFileSync(join(published, `${name}.svg`), lines(titleOf({ id, name }), figures));
    for (const picture of picturesOf(name))
      writeFileSync(join(published, `${name}-${picture.name}.svg`), picture.draw(picture.title, samples));
  }
  writeFileSync(join(published, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(page, rewritten(readFileSync(page, 'utf8'), measured(results)));
  tell(`written: docs/performance.md and docs/performance/`);
}

/** Blocks of the engine and of its twins, without those that warmed up and those of bad variants. */
export const measuredIn = (file: string): readonly Block[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Block & { readonly bad?: true })
    .filter(({ values, warmUp, bad }) => values !== undefined && !warmUp && bad === undefined);
