import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildIdOf, versionOf } from '../../temporal/deployment.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

it('a build id is the release and a digest of the workflows, wherever they are loaded from', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-build-'));
  const codePath = join(folder, 'workflow-bundle.js');
  writeFileSync(codePath, 'one');
  const one = buildIdOf({ code: 'one' });
  expect(one).toMatch(new RegExp(`^${version.replaceAll('.', '\\.')}-[0-9a-f]{10}$`));
  expect(buildIdOf({ codePath })).toBe(one);
  expect(buildIdOf({ code: 'another' })).not.toBe(one);
  rmSync(folder, { recursive: true });
});

it('a deployment is called after the task queue, without what Temporal puts between names', () => {
  expect(versionOf('ferry', 'b')).toEqual({ deploymentName: 'ferry', buildId: 'b' });
  expect(versionOf('ferry.north:1', 'b').deploymentName).toBe('ferry-north-1');
});
