import { BaseSequencer, type TestSpecification } from 'vitest/node';

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
  'api/conditions',
  'check/check',
];

/** As vitest has it: by group and project, then by size, or by how long each took here before. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- that of vitest, which is no array's
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => groupOf(one) - groupOf(other) || rank(one) - rank(other));
  }
}

const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}.test.ts`));
  return at < 0 ? LONGEST.length : at;
}
