import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of each project, in this order: who begins one of them last waits for it alone. */
const LONGEST = [
  'endtoend/kills-relocation',
  'endtoend/takeover',
  'engine/source-dies',
  'processes.test',
  'gateway/verdicts',
  'api/conditions',
  'check/check',
];

/** As vitest has it, by project and size, but those first which take long and are short to read. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const byProject = ({ project }: TestSpecification): number => projects.indexOf(project.name);
    return sorted.toSorted((one, other) => byProject(one) - byProject(other) || rank(one) - rank(other));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}`));
  return at < 0 ? LONGEST.length : at;
}
