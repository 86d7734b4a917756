import { expect, it } from 'vitest';
import { workflowBundle } from './support/engine.ts';

/** Webpack names each module that it takes in. */
const modules = workflowBundle.code.match(/(?<=!\*\*\* )\S+(?= \*\*\*!)/g) ?? [];

it.each([
  'node_modules/zod/',
  './adapters/',
  './activities/',
  './protocols/',
  './configuration/',
  './api/',
  './worker/',
  './sandbox/',
])('the workflow bundle is free of %s', (forbidden) => {
  expect(modules.filter((name) => name.includes(forbidden))).toStrictEqual([]);
});

it('and what is in it is found so', () => {
  expect(modules).toContain('./domain/steps.ts');
  expect(modules.some((name) => name.includes('@temporalio/workflow'))).toBe(true);
});
