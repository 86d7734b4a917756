import { access, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a folder with what is above it. One by one: where nothing can be made (`/proc/x`), `recursive` never returns. */
export async function madeFolder(folder: string): Promise<void> {
  try {
    await made(folder);
  } catch (error) {
    throw new Error(`cannot make the folder ${folder} (${(error as Error).message}): choose another with --data`, {
      cause: error,
    });
  }
}

async function made(folder: string): Promise<void> {
  const above = dirname(folder);
  if (await isThere(folder)) return;
  if (!(await isThere(above))) await made(above);
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error; // another start was faster
  });
}

const isThere = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  );
