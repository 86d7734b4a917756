import { appendFileSync } from 'node:fs';
import { Soak } from './soak.ts';

const [many, every] = [Number(process.argv[2] ?? 2_000), Number(process.argv[3] ?? 50)];
const file = process.argv[4];
const soak = await Soak.begin();
try {
  await soak.run(many, every, (standing) => {
    const line = `${JSON.stringify(standing)}\n`;
    process.stdout.write(line);
    if (file !== undefined) appendFileSync(file, line);
  });
} finally {
  await soak.end();
}
