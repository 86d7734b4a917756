#!/usr/bin/env node
import { register } from 'tsx/esm/api';

register();
// Whoever reads along may stop before the end (`ferry list | head -3`)
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1));
const { main } = await import('./main.ts');
process.exit(await main(process.argv.slice(2), process.stdout, process.stderr));
