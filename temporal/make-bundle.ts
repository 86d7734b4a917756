import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bundleFile, bundleWorkflows } from './bundle.ts';

/** Writes the workflows as one script: beside what is built, or where its argument says. */
const file = process.argv[2] ?? bundleFile;
const code = await bundleWorkflows();
await mkdir(dirname(file), { recursive: true });
await writeFile(file, code);
