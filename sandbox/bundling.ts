import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** An application's sources as one file, which needs nothing beside it. */
export async function bundled(folder: string): Promise<Uint8Array> {
  const bundle = await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: [`sandbox/${folder}/main.ts`],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const [image] = bundle.outputFiles;
  if (image === undefined) throw new Error('the bundler made no file');
  return image.contents;
}
