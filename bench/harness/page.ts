import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lines } from './picture.ts';
import type { Results } from './results.ts';
import { markdown } from './table.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const page = join(root, 'docs', 'performance.md');
/** The last published run: results, raw data, pictures. */
export const published = join(root, 'docs', 'performance');

const [BEGIN, END] = ['<!-- measured: written by `npm run bench` -->', '<!-- end of measured -->'];

/** What stands on the page between its two marks. Null: nothing has been measured yet, and it says so. */
export function measured(results: Results | null): string {
  if (results === null)
    return 'Not measured yet: `npm run bench -- --publish` on a quiet machine writes the figures here.';
  const { facts, measures } = results;
  const how = [
    `Measured at ${facts.at}, commit \`${facts.commit.slice(0, 12)}\`${facts.dirty ? ' with changes that were not committed' : ''},`,
    `seed ${facts.seed}${facts.quick ? ', **with `--quick`: what it says of time is a hint**' : ''}.`,
    `${facts.cores} cores (${facts.processor}), load ${facts.loadBefore.join(' / ')} before and`,
    `${facts.loadAfter.join(' / ')} after; Node ${facts.node}, Temporal SDK ${facts.sdk}, ${facts.temporal};`,
    `SQLite profile ${facts.profile}.`,
    '[Results](performance/results.json); raw data of each measure beside them.',
  ];
  const pictures = measures.map(
    ({ id, name, question }) =>
      `### ${id} ${name}\n\n${wrapped(question)}\n\n![${id} ${name}](performance/${name}.svg)\n\n[Raw data](performance/${name}.jsonl)`,
  );
  return [wrapped(how.join(' ')), markdown(measures), ...pictures].join('\n\n');
}

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

export const publishedResults = (): Results | null => {
  const file = join(published, 'results.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : null;
};

/** Takes the results of a run over into the documentation, raw data and all. */
export async function publish(folder: string, tell: (line: string) => void): Promise<void> {
  const results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Results;
  rmSync(published, { recursive: true, force: true });
  mkdirSync(published, { recursive: true });
  copyFileSync(join(folder, 'results.json'), join(published, 'results.json'));
  for (const { id, name, figures } of results.measures) {
    copyFileSync(join(folder, `${name}.jsonl`), join(published, `${name}.jsonl`));
    writeFileSync(join(published, `${name}.svg`), lines(`${id} ${name}`, figures));
  }
  writeFileSync(page, rewritten(readFileSync(page, 'utf8'), measured(results)));
  tell(`written: docs/performance.md and docs/performance/`);
}
