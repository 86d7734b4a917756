import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { claimNetwork } from '../support/network.ts';
import { image } from './application.world.ts';
import { takesThePlaceOfTheDead } from './takeover.suite.ts';

const { net } = await claimNetwork();

takesThePlaceOfTheDead(net, async (folder) => {
  const file = path.join(folder, 'app.mjs');
  await writeFile(file, await image());
  return [process.execPath, file];
});
