import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RelocationList } from '../../api/resources.ts';
import { stepNames } from '../../domain/steps.ts';
import { launch, pageOf } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork, portsOf } from '../support/network.ts';
import { Up } from '../support/up.ts';

/** Takes the pictures of the console that the pages show, of a running tour: `npm run pictures`. */
const images = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const LONG_MS = 600_000;
const { net, release } = await claimNetwork();
const [port] = await portsOf(net);
const data = mkdtempSync(join(tmpdir(), 'ferry-pictures-'));
const up = new Up(['--tour', '--net', String(net), '--port', String(port), '--data', data]);
const url = `http://127.0.0.1:${port}`;
const browser = await launch();

try {
  await eventually(
    async () =>
      await fetch(`${url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    LONG_MS,
  );
  const opened = async (colorScheme: 'light' | 'dark') => ({
    colorScheme,
    page: (await pageOf(browser, url, { colorScheme, viewport: { width: 1320, height: 860 } })).page,
  });
  const pages = [await opened('light'), await opened('dark')];
  // Enough has moved for the plot, and something moves now
  await eventually(async () => {
    const { relocations } = (await (await fetch(`${url}/v1/relocations`)).json()) as RelocationList;
    const moving = relocations.find(({ endedAt, step }) => endedAt === null && stepNames.indexOf(step ?? 'check') > 3);
    return moving !== undefined && relocations.length > 3;
  }, LONG_MS);
  for (const { colorScheme, page } of pages) {
    await page.getByLabel('Under way').getByRole('button').first().click();
    await page.getByLabel('A move').waitFor();
    await page.screenshot({ path: `${images}console-${colorScheme}.png` });
  }
} finally {
  await browser.close();
  await up.end();
  rmSync(data, { recursive: true, force: true });
  await release();
}
