import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { z } from 'zod';

/**
 * The whole suite, as CI runs it. Its files run side by side, and a machine that stutters under all of them can break a
 * limit of time that holds on it otherwise. So the few files that failed are run once more, alone: who fails alone has
 * failed. What passed only then is named, because a race of the product looks the same.
 */
const FEW = 4;

const Report = z.object({
  testResults: z.array(z.object({ name: z.string(), status: z.string() })),
});

const say = (line: string): boolean => process.stdout.write(`\n${line}\n`);
const vitest = (...words: string[]): boolean =>
  spawnSync('npm', ['test', '--', ...words], { stdio: 'inherit' }).status === 0;

/** Of a run that failed: which files did, or nothing where it did not come to a report. */
function failedIn(report: string): readonly string[] {
  try {
    const { testResults } = Report.parse(JSON.parse(readFileSync(report, 'utf8')));
    return testResults.filter(({ status }) => status === 'failed').map(({ name }) => relative('.', name));
  } catch {
    return [];
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ferry-suite-'));
try {
  const report = join(folder, 'report.json');
  const passed = vitest('--reporter=default', '--reporter=json', `--outputFile.json=${report}`);
  const failed = passed ? [] : failedIn(report);
  const again = failed.length > 0 && failed.length <= FEW;
  if (again) say(`Once more, each alone on this machine: ${failed.join(', ')}`);
  // One after the other: each project has its own number of workers, whatever is told here
  const alone = again && vitest('--no-file-parallelism', ...failed);
  if (alone) say(`Passed only alone, beside others they failed: ${failed.join(', ')}`);
  process.exitCode = passed || alone ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
