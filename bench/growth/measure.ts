import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflows } from '../../temporal/bundle.ts';
import { Operator } from './operator.ts';
import { Growth } from './growth.ts';

const many = (process.argv[2] ?? '10,100,1000').split(',').map(Number);
const cache = (process.argv[3] ?? '') === '' ? undefined : Number(process.argv[3]);
const tell = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const growth = await Growth.begin();
try {
  const bundle = join(growth.folder, 'bundle.js');
  await writeFile(bundle, await bundleWorkflows());
  for (const n of many) {
    const worked = await growth.hire(bundle, {
      slots: { steps: 100, waits: n + 200 },
      maxCachedWorkflows: cache ?? n + 200,
    });
    for (let round = 0; round < 10; round += 1) {
      await worked.ramp(10);
      await worked.release(10);
    }
    const before = await worked.hired.used();
    const few = [];
    for (let round = 0; round < 10; round += 1) {
      await worked.ramp(10);
      few.push(await worked.release(10));
    }
    tell({ few: few.map(({ workerMs, serverMs, p99Ms, sticky }) => ({ workerMs, serverMs, p99Ms, sticky })) });
    const begun = performance.now();
    await worked.ramp(n);
    tell({ rampMs: performance.now() - begun });
    tell({ parked: await worked.rest(n, before, 10) });
    if (process.argv[4] === 'operator') {
      const operator = await Operator.begin(growth.folder, growth.server);
      tell({ waits: await operator.waits(n) });
      tell({ follows: await operator.follows(20) });
      await operator.end();
    }
    tell({ batch: await worked.release(n) });
    await worked.hired.dismiss();
  }
} finally {
  await growth.end();
}
