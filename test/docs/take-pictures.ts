import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Relocation } from '../../api/resources.ts';
import { Devices } from '../../cli/devices.ts';
import { launch, pageOf } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork, portsOf } from '../support/network.ts';
import { Up } from '../support/up.ts';

/**
 * Takes the pictures of the console and of Temporal's UI that the pages show, but for the list, whose columns are chosen by hand: `npm run pictures`. What has to be seen stays as long as it takes:
 * a move waits in its eighth step, since somebody goes on asking its source at its old address.
 */
const images = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const LONG_MS = 300_000;
const { net, release } = await claimNetwork();
const [port] = await portsOf(net);
const data = mkdtempSync(join(tmpdir(), 'ferry-pictures-'));
const up = new Up(['--topology', 'pair', '--net', String(net), '--port', String(port), '--data', data]);
const url = `http://127.0.0.1:${port}`;
const browser = await launch();
const over = new AbortController();

async function asked<T>(path: string, body?: object): Promise<T> {
  const answer = await fetch(`${url}${path}`, {
    ...(body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function reached(id: string, until: (now: Relocation) => boolean): Promise<void> {
  await eventually(async () => until(await asked<Relocation>(`/v1/relocations/${id}`)), LONG_MS, 200);
}

async function moved(source: string, target: string, until: (now: Relocation) => boolean): Promise<Relocation> {
  const move = await asked<Relocation>('/v1/relocations', { application: 'counter', source, target });
  await reached(move.id, until);
  return move;
}

/** A run as Temporal's UI shows it, in one of its tabs, once it says so. */
async function inTemporal(
  name: string,
  { links }: Relocation,
  tab: string,
  says: string,
  height: number,
): Promise<void> {
  const { page } = await pageOf(browser, String(links.temporal), { viewport: { width: 1360, height } });
  await page
    .getByRole('link', { name: tab })
    .or(page.getByRole('tab', { name: tab }))
    .first()
    .click();
  const said = async (): Promise<number[]> =>
    await Promise.all(page.frames().map(async (frame) => await frame.getByText(says).count())); // Markdown is in one of its own
  await eventually(async () => (await said()).some((times) => times > 0), LONG_MS, 200);
  await pause(2_000); // it draws for a while
  await page.screenshot({ path: `${images}temporal-${name}.png` });
  await page.context().close();
}

/** A move that is held, and then parked on its way forward. */
async function heldAndParked(source: string, target: string): Promise<void> {
  const order = { application: 'counter', source, target, cutOver: { approval: true } };
  const move = await asked<Relocation>('/v1/relocations', order);
  await reached(move.id, ({ state }) => state === 'held');
  await inTemporal('held', move, 'User Metadata', 'before the cut-over', 720);
  const faults = `http://127.${net}.0.1:8080/sandbox/faults`;
  const refused = {
    peer: `platform-${source}`,
    operation: 'DELETE /rni/v2/subscriptions/*',
    kind: 'status',
    status: 403,
  };
  await fetch(faults, {
    method: 'POST',
    body: JSON.stringify(refused),
    headers: { 'content-type': 'application/json' },
  });
  await asked(`/v1/relocations/${move.id}/approve`, {});
  await reached(move.id, ({ state }) => state === 'parked');
  await inTemporal('parked', move, 'User Metadata', 'refused, as ordered', 760);
  await fetch(faults, { method: 'DELETE' });
  await asked(`/v1/relocations/${move.id}/retry`, {});
  await reached(move.id, ({ outcome }) => outcome === 'relocated');
}

/** A client that nobody told anything new. */
async function stay(address: string): Promise<void> {
  while (!over.signal.aborted) {
    await fetch(`http://${address}:7000/users/stays`).catch(() => undefined);
    await pause(200);
  }
}

try {
  await up.ready();
  const opened = async (colorScheme: 'light' | 'dark', viewport = { width: 1320, height: 860 }) => ({
    colorScheme,
    ...(await pageOf(browser, url, { colorScheme, viewport })),
  });
  const pages = [await opened('light'), await opened('dark')];
  await new Devices(`http://127.${net}.0.1:8080`).start(6, { rate: 20, rest: 20 });
  const ended = ({ outcome }: Relocation): boolean => outcome === 'relocated';
  await inTemporal('relocated', await moved('cloud', 'a1', ended), 'History', 'retireSource', 1120);
  await heldAndParked('a1', 'a2');
  await moved('a2', 'cloud', ended);
  void stay(`127.${net}.41.1`);
  await moved('cloud', 'w1', ({ step }) => step === 'drain');
  for (const { colorScheme, page } of pages) {
    await page.getByLabel('Under way').getByRole('button').first().click();
    await page.getByLabel('A move').waitFor();
    await page.locator('.arc.chosen circle').nth(8).waitFor();
    await page.locator('[data-site=w1] .serves').waitFor(); // its users are there since the hand-over
    await page.screenshot({ path: `${images}console-${colorScheme}.png` });
  }
  const wrong = pages.flatMap((page) => page.wrong);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
} finally {
  over.abort();
  await browser.close();
  await up.end();
  rmSync(data, { recursive: true, force: true });
  await release();
}
