import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Descriptor, PackageInvalid } from './packages.ts';
import { readZip } from './zip.ts';

/**
 * The software image of a package, as a host of the sandbox runs it: a ZIP archive with the application's files, among
 * which `start.json` says by which command it is started. Anything else is taken for one file of JavaScript.
 */

export const START = 'start.json';

export const Start = z.strictObject({
  /** The program, found as by a shell, and its arguments; in the folder of the application's files. */
  command: z.array(z.string().min(1)).min(1),
  environment: z.record(z.string(), z.string()).default({}),
});
export type Start = z.infer<typeof Start>;

const ARCHIVE = /\.zip$/i;

/** Lays the files out in this folder, which holds nothing else afterwards. Throws PackageInvalid. */
export async function unpacked(image: Buffer, { swImageDescriptor }: Descriptor, folder: string): Promise<Start> {
  const name = swImageDescriptor[0]?.swImage ?? '';
  const files = ARCHIVE.test(name) ? await filesOf(name, image) : new Map([['app.mjs', image]]);
  const start = ARCHIVE.test(name) ? startIn(name, files) : { command: [process.execPath, 'app.mjs'], environment: {} };
  await rm(folder, { recursive: true, force: true });
  for (const [file, bytes] of files) {
    const there = path.join(folder, file);
    await mkdir(path.dirname(there), { recursive: true });
    await writeFile(there, bytes, { mode: 0o755 });
  }
  return start;
}

async function filesOf(name: string, image: Buffer): Promise<Map<string, Buffer>> {
  try {
    return await readZip(image);
  } catch (error) {
    throw new PackageInvalid(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

function startIn(name: string, files: ReadonlyMap<string, Buffer>): Start {
  const text = files.get(START)?.toString('utf8');
  if (text === undefined) throw new PackageInvalid(`${name} holds no ${START}, which says how it is started`);
  try {
    return Start.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new PackageInvalid(`${START} in ${name}: ${why}`, { cause: error });
  }
}
