import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Is this the build, or are the sources run as they are? */
const built = import.meta.url.endsWith('.js');
/** Of the checkout, or of the build where that is all there is. */
const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
/** The build notes here what it was made from. */
const note = join(dist, 'built-from');

const read = (file: string): Buffer => readFileSync(join(root, file));

/** Of everything that decides what a build contains. */
export function sourceDigest(): string {
  const { include } = JSON.parse(read('tsconfig.build.json').toString()) as { include: string[] };
  const sources = [...include, 'console']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(tsx?|css|html|svg)$/.test(file))
        .map((file) => join(folder, file))
        .toSorted(),
    );
  const digest = createHash('sha256');
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', ...sources])
    digest.update(`${file}\n`).update(read(file));
  return digest.digest('hex');
}

/** Found once, it stays so for this process: whatever it starts is of one source, which is not read for each start. */
let found = built;

/** Is `dist` what a build would make now? Whatever of it runs already is taken to be that. */
export const isBuilt = (): boolean => (found ||= existsSync(note) && readFileSync(note, 'utf8') === sourceDigest());

/** What node is given to run this program of ours (`worker/main.ts`): built it starts in a third of the time. */
export function program(script: string): string[] {
  const compiled = join(built ? root : dist, script.replace(/\.ts$/, '.js'));
  if (existsSync(compiled) && isBuilt()) return [compiled];
  return ['--import', import.meta.resolve('tsx'), resolve(root, script)];
}

/** While `build` is done, `dist` is nothing to start from; afterwards it is, unless the source has changed meanwhile. */
export async function noted(build: () => Promise<void>): Promise<void> {
  rmSync(note, { force: true });
  const digest = sourceDigest();
  await build();
  writeFileSync(note, digest);
}
