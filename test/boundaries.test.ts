import { expect, it } from 'vitest';
import { rooms } from './fences/rooms.ts';
import { workflowBundle } from './support/engine.ts';

/** Webpack names each module that it takes in. */
const modules = [...new Set(workflowBundle.code.match(/(?<=!\*\*\* )\S+(?= \*\*\*!)/g) ?? [])];

it('the workflow bundle holds workflows and what they may import at run time, nothing else of ours', () => {
  const allowed = ['workflows', ...(rooms['workflows']?.runs ?? [])].map((entry) => `./${entry}`);
  const ours = modules.filter((name) => !name.includes('/node_modules/'));
  expect(ours).toContain('./domain/steps.ts');
  expect(ours.filter((name) => !allowed.some((entry) => name === entry || name.startsWith(`${entry}/`)))).toEqual([]);
});

it("and of packages those of the SDK's workflow part", () => {
  const packages = modules.flatMap((name) => name.match(/(?<=\/node_modules\/)(@[^/]+\/)?[^/]+/)?.[0] ?? []);
  expect([...new Set(packages)].toSorted()).toEqual([
    '@temporalio/common',
    '@temporalio/workflow',
    'long',
    'ms',
    'nexus-rpc',
  ]);
});
