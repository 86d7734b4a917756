import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/**
 * Every program as one file, with what it imports: it is read and compiled at once, where hundreds of files would have to
 * be found first. What several of them import is in `dist/chunks`, as deep below `dist` as the modules there look for files.
 */

/** They are native, are asked for by their path, or bring files that are. */
const OUTSIDE = [
  '@temporalio/core-bridge',
  '@temporalio/testing',
  'esbuild',
  'pg-native',
  'source-map',
  'source-map-loader',
  'swagger-ui-dist',
  'swc-loader',
  'tsx',
];
/** What a workflow thread runs: the SDK asks for it by its path. */
const THREAD = 'worker/workflow-thread';

export async function buildPrograms(root: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [
      ...programs(root).map((file) => ({ in: file, out: file.replace(/\.ts$/, '') })),
      { in: '@temporalio/worker/lib/workflow/workflow-worker-thread.js', out: THREAD },
    ],
    outdir: 'dist',
    chunkNames: 'chunks/[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: OUTSIDE,
    plugins: [workerOfTheSdk],
    // Packages of the older module system have no `require` otherwise
    banner: {
      js: "import { createRequire as requiring } from 'node:module';\nconst require = requiring(import.meta.url);",
    },
    sourcemap: 'linked',
    legalComments: 'external',
    logLevel: 'warning',
    metafile: true,
  });
  removeOthers(root, new Set(Object.keys(metafile.outputs)));
}

/** A room's `main.ts`, wherever it is; and what a program starts by its name. */
function programs(root: string): string[] {
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8')) as { include: string[] };
  const mains = include.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => /(^|\/)main\.ts$/.test(file))
      .map((file) => `${room}/${file}`),
  );
  return [...mains, 'servers/download.ts'];
}

/** What earlier builds have left. */
function removeOthers(root: string, made: ReadonlySet<string>): void {
  for (const file of readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }))
    if (/\.js(\.map|\.LEGAL\.txt)?$/.test(file) && file !== 'workflow-bundle.js' && !made.has(`dist/${file}`))
      rmSync(join(root, 'dist', file));
}

/**
 * The SDK's worker finds modules of its own by their paths. And it brings a bundler for workflows, which a build has no use
 * for: they lie beside the programs.
 */
const workerOfTheSdk: Plugin = {
  name: "the SDK's worker",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /@temporalio\/worker\/lib\/.*\.js$/ }, ({ path }) => {
      const folder = path.replace(/^.*\/@temporalio\/worker\/lib\//, '').replace(/[^/]*$/, '');
      const contents = readFileSync(path, 'utf8')
        .replace("require.resolve('./workflow-worker-thread')", `require.resolve('../${THREAD}.js')`)
        .replaceAll(/require\.resolve\('(\.\.?\/(?!worker\/)[^']+)'\)/g, (_, relative: string) => {
          const target = join('@temporalio/worker/lib', folder, relative);
          return `require.resolve('${target}')`;
        });
      return { contents, loader: 'js' };
    });
    onResolve({ filter: /^(webpack|memfs|unionfs)$/ }, ({ path }) => ({ path, namespace: 'nothing' }));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: '' }));
  },
};
