import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of all that begin together, in this order: who begins one of them last waits for it alone. */
const LONGEST = [
  'endtoend/kills-relocation',
  'engine/source-dies',
  'endtoend/takeover',
  'activities/hostile-answers',
  'gateway/verdicts',
  'api/conditions',
  'check/check',
];

/** As vitest has it, by project and size; but first what takes long, however short it is to read. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => groupOf(one) - groupOf(other) || rank(one) - rank(other));
  }
}

const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}.test.ts`));
  return at < 0 ? LONGEST.length : at;
}
