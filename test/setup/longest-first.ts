import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What starts something waits for it, and is waited for: first. What is left in the end computes. */
const TURNS = ['processes', 'alone', 'quick'];

/** In this order. They are short to read: by their size they would begin among the last, and be waited for alone. */
const LONGEST = [
  'engine/source-dies',
  'endtoend/kills-relocation',
  'endtoend/takeover',
  'endtoend/quirks',
  'endtoend/kills-consumption',
  'endtoend/answers',
  'endtoend/unfinished',
  'endtoend/wrong-order',
  'engine/federation-days',
  'api/process',
  'sandbox/application',
  'check/check',
  'api/refusals',
  'adapters/mec010-2-instances',
  'api/conditions',
];

/** Where even a file that is short to read takes ten seconds and more: all of these have begun when so much of the others has. */
const [LONG, UNTIL] = [/^(endtoend|engine)\//, 0.85];

/**
 * Of those that may run together, these; then of each folder the largest first, and the folders evenly mixed: those of one
 * wait most of their time, those of another compute.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- that of vitest, which is no array's
    const sorted = await super.sort(files);
    const folders = new Map<string, TestSpecification[]>();
    for (const file of sorted) folders.set(folderOf(file), [...(folders.get(folderOf(file)) ?? []), file]);
    const shareBefore = (file: TestSpecification): number => {
      const folder = folders.get(folderOf(file)) ?? [];
      return (folder.indexOf(file) / folder.length) * (LONG.test(nameOf(file)) ? UNTIL : 1);
    };
    return sorted.toSorted(
      (one, other) => turnOf(one) - turnOf(other) || rank(one) - rank(other) || shareBefore(one) - shareBefore(other),
    );
  }
}

const turnOf = ({ project }: TestSpecification): number => TURNS.indexOf(project.name);

const nameOf = ({ project, moduleId }: TestSpecification): string => relative(`${project.config.root}/test`, moduleId);

const folderOf = (file: TestSpecification): string => `${file.project.name} ${nameOf(file).split('/')[0]}`;

function rank(file: TestSpecification): number {
  const at = LONGEST.findIndex((name) => nameOf(file) === `${name}.test.ts`);
  return at < 0 ? LONGEST.length : at;
}
