import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { drawn } from './drawn.ts';
import { Soak, type Standing } from './soak.ts';

/** `npx tsx bench/soak/measure.ts [relocations] [tell every] [raw data]`: an hour and more; beside the raw data a picture. */
const [many, every] = [Number(process.argv[2] ?? 2_000), Number(process.argv[3] ?? 50)];
const file = process.argv[4] ?? '.ferry/bench/soak.jsonl';
mkdirSync(dirname(file), { recursive: true });
const all: Standing[] = [];
const soak = await Soak.begin();
try {
  await soak.run(many, every, (standing) => {
    all.push(standing);
    process.stdout.write(`${JSON.stringify(standing)}\n`);
    writeFileSync(file, all.map((one) => `${JSON.stringify(one)}\n`).join(''));
    writeFileSync(file.replace(/\.jsonl$/, '.svg'), drawn(all));
  });
} finally {
  await soak.end();
}
