import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { allButTheCloud, ofWorkflows, pruned } from './pruned.ts';

/**
 * Every program as one file, with what it imports: it is read and compiled at once, where hundreds of files would have to
 * be found first. What several of them import is in `dist/chunks`, as deep below `dist` as the modules there look for files.
 */

/** They are native, are asked for by their path, or bring files that are. */
const OUTSIDE = [
  '@grpc/proto-loader',
  '@temporalio/testing',
  'esbuild',
  'pg-native',
  'source-map',
  'source-map-loader',
  'swagger-ui-dist',
  'swc-loader',
  'tsx',
];

export async function buildPrograms(root: string): Promise<void> {
  const built = await Promise.all([
    ...apart(programs(root)).map(
      async (files) =>
        await build({
          ...asProgram(root),
          entryPoints: files.map((file) => ({ in: file, out: file.replace(/\.ts$/, '') })),
          chunkNames: 'chunks/[hash]',
          splitting: true,
          plugins: [workerOfTheSdk, ...pruned(allButTheCloud)],
        }),
    ),
    build({
      ...asProgram(root),
      entryPoints: [workflowThread],
      plugins: [workerOfTheSdk, threadOfTheSdk, ...pruned(ofWorkflows)],
    }),
    buildImages(root),
  ]);
  const made = new Set(built.flatMap((each) => Object.keys(each?.metafile.outputs ?? {})));
  for (const chunk of readdirSync(join(root, 'dist/chunks')))
    if (!made.has(`dist/chunks/${chunk}`)) rmSync(join(root, 'dist/chunks', chunk)); // of earlier builds
}

/** What is started most, and again after each crash, is one file; others are cut up into what they share. */
const apart = (files: readonly string[]): string[][] => [
  ...ALONE.filter((file) => files.includes(file)).map((file) => [file]),
  files.filter((file) => !ALONE.includes(file)),
];
const ALONE = ['worker/main.ts', 'api/main.ts'];

const asProgram = (root: string) =>
  ({
    absWorkingDir: root,
    outbase: '.',
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: OUTSIDE,
    // Half as much to read and to compile. Nothing else is made smaller: packages go by the names of their classes; and lines
    // stay short, for whoever reads a stack
    minifyWhitespace: true,
    lineLimit: 160,
    // Packages of the older module system have no `require` otherwise
    banner: {
      js: "import { createRequire as requiring } from 'node:module';\nconst require = requiring(import.meta.url);",
    },
    sourcemap: 'linked',
    legalComments: 'external',
    logLevel: 'warning',
    metafile: true,
  }) satisfies BuildOptions;

/** What hosts of the sandbox run: of each application one file, which needs nothing beside it (sandbox/provider.ts). */
async function buildImages(root: string): Promise<void> {
  const applications = ['application', 'carrier'].map((name) => `sandbox/${name}`);
  await build({
    absWorkingDir: root,
    entryPoints: applications
      .filter((room) => existsSync(join(root, room)))
      .map((room) => ({ in: `${room}/main.ts`, out: `${room}/image` })),
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minifyWhitespace: true,
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
  });
}

/** Each `main.ts`, wherever in a room it is, and what a program starts by its name. An image has not all the rooms. */
function programs(root: string): string[] {
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8')) as { include: string[] };
  const mains = include
    .filter((room) => existsSync(join(root, room)))
    .flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .filter((file) => /(^|\/)main\.ts$/.test(file))
        .map((file) => `${room}/${file}`),
    );
  return [...mains, 'servers/download.ts'];
}

/** What the SDK's worker starts as a thread of its own: a file of its own, since it needs little of what the others share. */
const workflowThread = {
  in: '@temporalio/worker/lib/workflow/workflow-worker-thread.js',
  out: 'worker/workflow-thread',
};

/**
 * The SDK's worker finds modules of its own by their paths, and what is native in the folder where npm laid it. And it
 * brings a bundler for workflows, which a build has no use for: they lie beside the programs.
 */
const workerOfTheSdk: Plugin = {
  name: "the SDK's worker",
  setup: (bundling) => {
    bundling.onLoad({ filter: /@temporalio\/worker\/lib\/.*\.js$/ }, ({ path }) => {
      const [, folder = ''] = /(@temporalio\/worker\/lib.*)\/[^/]*$/.exec(path) ?? [];
      const contents = readFileSync(path, 'utf8').replaceAll(/(?<=require\.resolve\(')\.\.?\/[^']+/g, (relative) =>
        relative === './workflow-worker-thread' ? `../${workflowThread.out}.js` : posix.join(folder, relative),
      );
      return { contents, loader: 'js' };
    });
    bundling.onLoad({ filter: /@temporalio\/core-bridge\/common\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8').replace(
        '__dirname',
        "path.dirname(require.resolve('@temporalio/core-bridge'))",
      );
      return { contents, loader: 'js' };
    });
    bundling.onResolve({ filter: /^(webpack|memfs|unionfs)$/ }, ({ path }) => ({ path, namespace: 'nothing' }));
    bundling.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: '' }));
  },
};

/** It asks the core what time it is, and would load a whole client of gRPC for the errors of all else that can be asked. */
const threadOfTheSdk: Plugin = {
  name: "the SDK's thread",
  setup: (bundling) => {
    bundling.onResolve({ filter: /^@grpc\/grpc-js$/ }, async ({ resolveDir, kind }) =>
      bundling.resolve('@grpc/grpc-js/build/src/metadata.js', { resolveDir, kind }),
    );
  },
};
