import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { coresdk, temporal } from '@temporalio/proto';
import { build, type Plugin } from 'esbuild';
import { expect, it } from 'vitest';
import { allButTheCloud, ofWorkflows, pruned } from '../../cli/pruned.ts';

/** What is left out of programs when they are built, and what of it nobody misses. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(import.meta.url);

/** A package as a program finds it that was built so. */
async function packed<T>(name: string, messages: Plugin = allButTheCloud): Promise<T> {
  const { outputFiles } = await build({
    stdin: { contents: `module.exports = require('${name}');`, resolveDir: root },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    plugins: pruned(messages),
  });
  const module = { exports: {} as T };
  compileFunction(outputFiles[0]?.text ?? '', ['require', 'module', 'exports'])(require, module, module.exports);
  return module.exports;
}

type Messages = { coresdk: typeof coresdk; temporal: typeof temporal };
interface Reflected {
  readonly root: { resolveAll(): void };
}
/** Throws where one of them speaks of a type that is not there. */
const allResolved = (one: unknown): void => (one as Reflected).root.resolveAll();

it('a program has every message of the servers that it speaks to, and none of a cloud of others', async () => {
  const built = await packed<Messages>('@temporalio/proto');
  const { WorkflowService } = temporal.api.workflowservice.v1;
  expect(Object.keys(built.temporal.api.workflowservice.v1)).toEqual(Object.keys(temporal.api.workflowservice.v1));
  expect(Object.keys(built.temporal.api.workflowservice.v1.WorkflowService)).toEqual(Object.keys(WorkflowService));
  for (const name of Object.keys(temporal.api).filter((each) => each !== 'cloud'))
    expect(built.temporal.api).toHaveProperty(name);
  expect(built.temporal.api.cloud).not.toHaveProperty('cloudservice');
  expect(() => allResolved(built.temporal.api.workflowservice.v1.WorkflowService)).not.toThrow();
});

it("the workflows' thread has what comes to workflows and what they answer, whole", async () => {
  const built = await packed<Messages>('@temporalio/proto', ofWorkflows);
  const { WorkflowActivation } = built.coresdk.workflow_activation;
  expect(() => allResolved(WorkflowActivation)).not.toThrow();
  const activation = {
    runId: 'one',
    jobs: [
      {
        resolveActivity: {
          seq: 1,
          result: { failed: { failure: { message: 'no', applicationFailureInfo: { type: 'A' } } } },
        },
      },
      { signalWorkflow: { signalName: 'held', input: [{ data: Buffer.from('1') }] } },
    ],
  };
  const written = coresdk.workflow_activation.WorkflowActivation.encode(activation).finish();
  expect(WorkflowActivation.decode(written)).toEqual(WorkflowActivation.fromObject(activation));
  expect(built.coresdk.workflow_completion).toHaveProperty('WorkflowActivationCompletion');
  expect(built.temporal.api).not.toHaveProperty('workflowservice');
});

interface Types {
  contentType(file: string): string | false;
}

it('whatever a browser is shown has the type that it has', async () => {
  const built = await packed<Types>('mime-types');
  const whole = require('mime-types') as Types;
  const shown = [`${root}console`, `${root}docs`, dirname(require.resolve('swagger-ui-dist'))].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(?!tsx?$)\w+$/.test(file)),
  );
  expect(shown.length).toBeGreaterThan(20);
  for (const file of [...shown, 'a.js', 'a.bin', 'json', 'html', 'txt', 'woff2', 'ico'])
    expect([file, built.contentType(file.replace(/.*\//, ''))]).toEqual([
      file,
      whole.contentType(file.replace(/.*\//, '')),
    ]);
});

it('of the client of HTTP each name is there that a source imports', async () => {
  const rooms = JSON.parse(readFileSync(`${root}tsconfig.build.json`, 'utf8')) as { include: string[] };
  const named = rooms.include
    .flatMap((room) => readdirSync(root + room, { recursive: true, encoding: 'utf8' }).map((file) => `${room}/${file}`))
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(root + file, 'utf8').matchAll(/^import \{([^}]*)\} from 'undici';$/gm)])
    .flatMap(([, names = '']) => names.split(',').map((name) => name.trim()))
    .filter((name) => !name.startsWith('type '));
  const kinds = (from: Record<string, unknown>) => named.map((name) => [name, typeof from[name]]);
  expect(named).toContain('Agent');
  expect(kinds(await packed('undici'))).toEqual(kinds(require('undici') as Record<string, unknown>));
});
