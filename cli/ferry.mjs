#!/usr/bin/env node
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Has nothing of it changed since it was built? By times alone: to read every file takes longer than most commands. */
function unchanged() {
  try {
    const built = statSync(`${root}dist/built-from`).ctimeMs;
    const { include } = JSON.parse(readFileSync(`${root}tsconfig.build.json`, 'utf8'));
    const sources = include.filter((folder) => existsSync(`${root}${folder}`));
    const inside = sources.flatMap((folder) =>
      readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    );
    const all = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', ...sources, ...inside];
    return all.every((name) => statSync(`${root}${name}`).ctimeMs <= built);
  } catch {
    return false;
  }
}

// An image has no sources
const built = !existsSync(`${root}cli/main.ts`) || unchanged();

/** Its own packages may not be there, or not all of them yet. */
async function installed(load) {
  try {
    return await load();
  } catch (error) {
    // The last that `npm ci` writes is its list of them
    const all = existsSync(`${root}node_modules/.package-lock.json`);
    const [said] = error.message.split(/ imported from |\n/);
    if (all && !said.startsWith('Cannot find package')) throw error;
    process.stderr.write(`ferry: ${said}: run \`npm ci\` in ${root} first, and let it end\n`);
    return process.exit(1);
  }
}

if (!built) (await installed(async () => await import('tsx/esm/api'))).register();
// Whoever reads along may stop before the end (`ferry list | head -3`)
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1));
const { main } = await installed(async () => await (built ? import('../dist/cli/main.js') : import('./main.ts')));
process.exit(await main(process.argv.slice(2), process.stdout, process.stderr));
