import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { importsOf, isOurs, trespasses } from './fences/imports.ts';
import { fences } from './fences/oxlint.ts';
import { objectedTo, type Planted } from './fences/planted.ts';
import { rooms } from './fences/rooms.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sourcesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.m?[jt]sx?$/.test(file))
    .map((file) => `${folder}/${file}`);

describe('the sources', () => {
  it('are all in rooms of the table', () => {
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !['node_modules', 'dist', 'test', 'templates'].includes(entry.name))
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('.') && sourcesOf(name).length > 0);
    expect(folders.toSorted()).toEqual(Object.keys(rooms).toSorted());
  });

  it.each(Object.keys(rooms))('of %s import what the table allows', (room) => {
    expect(sourcesOf(room).flatMap((file) => trespasses(file, read(file)))).toEqual([]);
  });

  it('of templates, which are no room, import themselves and what Node has', () => {
    const strangers = sourcesOf('templates')
      .filter((file) => !/\/(node_modules|dist)\//.test(file))
      .flatMap((file) => importsOf(file, read(file)).map(({ from }) => [file, from] as const))
      .filter(([file, from]) => {
        const [, template = ''] = /^(templates\/[^/]+\/)/.exec(file) ?? [];
        return !(from.startsWith('.') ? join(dirname(file), from).startsWith(template) : from.startsWith('node:'));
      });
    expect(strangers).toEqual([]);
  });

  it('reach into the SDK in one file, and of tests one', () => {
    const deep = [...Object.keys(rooms), 'test']
      .flatMap(sourcesOf)
      .filter((file) => importsOf(file, read(file)).some(({ from }) => /^@temporalio\/[a-z]+\//.test(from)));
    expect(deep).toEqual(['temporal/internals.ts', 'test/support/one-sandbox.ts']);
  });

  it('have a table without dead entries', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
    const known = (entry: string): boolean =>
      entry === 'test/support/*' || isOurs(entry)
        ? ['test/support/*', ...Object.keys(rooms), ...Object.keys(rooms).flatMap(sourcesOf)].includes(
            entry.replace(/^dist\/(.*)\.js$/, '$1.ts'),
          )
        : entry === 'node:*' ||
          Object.keys({ ...dependencies, ...devDependencies }).some(
            (name) => entry === name || entry.startsWith(`${name}/`),
          );
    const entries = Object.values(rooms).flatMap(({ runs, types = [], files = {} }) => [
      ...runs,
      ...types,
      ...Object.values(files).flat(),
    ]);
    expect(entries.filter((entry) => !known(entry))).toEqual([]);
  });
});

it('oxlint is told the same: npm run fences', () => {
  const { overrides } = JSON.parse(read('.oxlintrc.json')) as { overrides: { rules: object }[] };
  expect(overrides.filter(({ rules }) => 'no-restricted-imports' in rules)).toEqual(fences());
});

const plant = (file: string, source: string): Planted => ({ file, source: `${source}\n` });

/** The arrows of the design that point the wrong way. */
const forbidden = [
  plant('domain/planted.ts', "import { readFileSync } from 'node:fs'; export { readFileSync };"),
  plant('domain/planted.ts', "import type { Pace } from '../configuration/peers.ts'; export type { Pace };"),
  plant('domain/planted.ts', "export { proxyActivities } from '@temporalio/workflow';"),
  plant('workflows/planted.ts', "export { startDevServer } from '../servers/dev-server.ts';"),
  plant('workflows/planted.ts', "export { connectionSettings } from '../temporal/connection.ts';"),
  plant('workflows/relocation/planted.ts', "export { failure } from '../../activities/failure.ts';"),
  plant('workflows/relocation/planted.ts', "export { digest } from '../../configuration/digest.ts';"),
  plant(
    'workflows/relocation/planted.ts',
    "import type { Exchange } from '../../adapters/http.ts'; export type { Exchange };",
  ),
  plant('workflows/planted.ts', "export { z } from 'zod';"),
  plant('workflows/planted.ts', "export { setTimeout } from 'node:timers/promises';"),
  plant('workflows/planted.ts', "export { Client } from '@temporalio/client';"),
  plant('activities/relocation/planted.ts', "export { request } from 'undici';"),
  plant('activities/relocation/planted.ts', "export { request } from 'node:http';"),
  plant('activities/planted.ts', "export { Exchange } from '../adapters/http.ts';"),
  plant('activities/planted.ts', "export { Client } from '@temporalio/client';"),
  plant('activities/planted.ts', "export { digest } from '../configuration/digest.ts';"),
  plant('activities/planted.ts', "export { connectionSettings } from '../temporal/connection.ts';"),
  plant('protocols/mec011/planted.ts', "export { Exchange } from '../../adapters/http.ts';"),
  plant('protocols/mec011/planted.ts', "export { createHash } from 'node:crypto';"),
  plant('adapters/mec011/planted.ts', "export { request } from 'undici';"),
  plant('adapters/mec011/planted.ts', "export { checkRelocation } from '../../activities/relocation/check.ts';"),
  plant('adapters/mec011/planted.ts', "export { sleep } from '@temporalio/activity';"),
  plant('adapters/mec011/planted.ts', "export { pino } from 'pino';"),
  plant('configuration/planted.ts', "export { app } from '../api/app.ts';"),
  plant('configuration/planted.ts', "export { worldOf } from '../worker/sites.ts';"),
  plant('api/planted.ts', "export { Exchange } from '../adapters/http.ts';"),
  plant('api/planted.ts', "export { request } from 'undici';"),
  plant('api/planted.ts', "export { relocateApplication } from '../workflows/relocation/relocate-application.ts';"),
  plant('api/planted.ts', "export { workflowBundle } from '../temporal/bundle.ts';"),
  plant('api/planted.ts', "export { optionalTsToDate } from '@temporalio/common/lib/time.js';"),
  plant('api/planted.ts', "export { Worker } from '@temporalio/worker';"),
  plant('worker/planted.ts', "export { app } from '../api/app.ts';"),
  plant('worker/planted.ts', "export { startDevServer } from '../servers/dev-server.ts';"),
  plant('worker/planted.ts', "export { default } from 'express';"),
  plant('temporal/planted.ts', "export { temporalCli } from '../servers/obtain.ts';"),
  plant('temporal/planted.ts', "export { readEnvironment } from '../configuration/environment.ts';"),
  plant('temporal/planted.ts', "export { Worker } from '@temporalio/worker';"),
  plant('servers/planted.ts', "export { House } from '../cli/house.ts';"),
  plant('cli/planted.ts', "export { app } from '../api/app.ts';"),
  plant('cli/planted.ts', "export const { app } = await import('../api/app.ts');"),
  plant('cli/planted.ts', "export { Client } from '@temporalio/client';"),
  plant('sandbox/planted.ts', "import type { Rule } from '../domain/rule.ts'; export type { Rule };"),
  plant('sandbox/peers/planted.ts', "export * from '../../protocols/mec011/rule.ts';"),
  plant('sandbox/peers/planted.ts', "export { Client } from '@temporalio/client';"),
];

/** And their neighbours that point the right way. */
const permitted = [
  plant(
    'workflows/relocation/planted.ts',
    "import type { World } from '../../activities/ports.ts'; export type { World };",
  ),
  plant('workflows/relocation/planted.ts', "export { Saga } from '../saga.ts';"),
  plant('adapters/tmf641/planted.ts', "export { failure } from '../../activities/failure.ts';"),
  plant('adapters/tmf641/planted.ts', "import type { Logger } from 'pino'; export type { Logger };"),
  plant('adapters/tmf641/planted.ts', "export { readFile } from 'node:fs/promises';"),
  plant('adapters/http.ts', "export { request } from 'undici';"),
  plant('temporal/bundle.ts', "export { bundleWorkflowCode } from '@temporalio/worker';"),
  plant('temporal/internals.ts', "export { optionalTsToDate } from '@temporalio/common/lib/time.js';"),
  plant('cli/planted.ts', "import type { Relocation } from '../api/resources.ts'; export type { Relocation };"),
];

/** Every room's way to every other, and to every package that anybody may use, at run time and as types. */
const everywhere = Object.keys(rooms).flatMap((room) =>
  [
    ...Object.keys(rooms).map((other) => `../../${other}/planted.ts`),
    ...['temporal/connection.ts', 'workflows/messages.ts'].map((file) => `../../${file}`),
    ...new Set(Object.values(rooms).flatMap(({ runs }) => runs.filter((entry) => !isOurs(entry)))),
    '@temporalio/client/lib/internal.js',
    'node:fs/promises',
    'left-pad',
    'zod/mini',
  ].flatMap((from) => [
    plant(`${room}/inside/planted.ts`, `export { a } from '${from}';`),
    plant(`${room}/inside/planted.ts`, `export type { A } from '${from}';`),
  ]),
);

describe('an import that is planted', () => {
  let objections: ReadonlySet<Planted>;
  beforeAll(() => {
    objections = new Set(objectedTo(read('.oxlintrc.json'), [...forbidden, ...permitted, ...everywhere]));
  });
  const said = ({ file, source }: Planted): string => `${file}: ${source.trim()}`;
  const titled = (those: readonly Planted[]): [string, Planted][] => those.map((each) => [said(each), each]);

  it.each(titled(forbidden))('is found: %s', (_, planted) => {
    expect(trespasses(planted.file, planted.source)).toHaveLength(1);
    expect(objections.has(planted)).toBe(true);
  });

  it.each(titled(permitted))('is let through: %s', (_, planted) => {
    expect(trespasses(planted.file, planted.source)).toEqual([]);
    expect(objections.has(planted)).toBe(false);
  });

  it.each(Object.keys(rooms))('in %s is judged alike by oxlint and by this test, wherever it leads', (room) => {
    const here = everywhere.filter(({ file }) => file.startsWith(`${room}/`));
    const found = here.filter(({ file, source }) => trespasses(file, source).length > 0);
    expect(here.filter((planted) => objections.has(planted)).map(said)).toEqual(found.map(said));
  });

  it('as a type among values is one at run time', () => {
    expect(trespasses('workflows/planted.ts', "import { type World } from '../activities/ports.ts';")).toHaveLength(1);
  });
});
