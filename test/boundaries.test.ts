import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { rooms } from './fences/rooms.ts';
import { workflowBundle } from './support/workflow-bundle.ts';

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

/** It is what one run would leave to another, of another application. */
it('every module of ours in it is loaded once for all runs, and keeps nothing', () => {
  const code = /exports\.preloadModules = .*?\n\}/s.exec(workflowBundle.code)?.[0] ?? '';
  for (const module of ['./workflows/index.ts', './workflows/kit/traces.ts']) expect(code).toContain(` "${module}")`);
  const keeping =
    /^(export )?((let|var) .*|const \w+\b(?!: Readonly)[^=]*= new (Weak)?(Map|Set).*)$|^ +static (?!readonly |async |\w+\().*$/gm;
  const ours = modules.filter((name) => !name.includes('/node_modules/') && name.endsWith('.ts'));
  const found = ours.flatMap((name) =>
    (readFileSync(fileURLToPath(new URL(`.${name}`, import.meta.url)), 'utf8').match(keeping) ?? []).map(
      (line) => `${name}: ${line}`,
    ),
  );
  expect(found).toEqual([]);
});

/** A build makes one value of a package of the older module system, so that what is taken out of it by a name is undefined. */
it('a package that is loaded later is one of modules', () => {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const { include } = JSON.parse(readFileSync(`${root}tsconfig.build.json`, 'utf8')) as { include: string[] };
  const later = include.flatMap((room) =>
    readdirSync(`${root}${room}`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => readFileSync(`${root}${room}/${file}`, 'utf8').match(/(?<=\bimport\(')[^.'][^']*/g) ?? []),
  );
  expect(later).toContain('pg');
  const older = later.filter((name) => !name.startsWith('node:') && !import.meta.resolve(name).endsWith('.mjs'));
  expect(older).toEqual([]);
});
