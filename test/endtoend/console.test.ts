import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RelocationList, SiteList } from '../../api/resources.ts';
import { FerryClient } from '../../cli/client.ts';
import { sites } from '../../cli/network.ts';
import { Terminal } from '../../cli/terminal.ts';
import { hasBrowser, launch, pageOf } from '../support/browser.ts';
import { busy } from '../support/busy.ts';
import { cpuMsOf } from '../support/cpu.ts';
import { claimNetwork } from '../support/network.ts';
import { fleet, processOf } from '../support/sight.ts';
import { Stage } from '../support/stage.ts';

/** The page as an operator has it, in a browser, over everything of the real thing. */
const { net: NETWORK } = await claimNetwork();

describe.skipIf(!hasBrowser)('the console on a running stage', () => {
  let stage: Stage;
  let browser: Browser;
  let page: Page;
  let wrong: string[];
  beforeAll(async () => {
    [stage, browser] = await Promise.all([
      Stage.set(NETWORK, { ownTemporal: true, pace: { insistMs: 5_000 } }),
      launch(),
    ]);
    await fleet(stage, 3, { rate: 1, giveUpMs: 2_000 }); // nobody counts them here
    ({ page, wrong } = await pageOf(browser, stage.api));
    page.setDefaultTimeout(30_000 * busy());
    await page.getByText('Live').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.strike();
  });

  const counterAt = (site: string) =>
    page.locator(`[data-site=${site}]`).getByRole('button', { name: /^counter .*at/ });
  const newest = async () => {
    const list = (await (await stage.ask('/v1/relocations?limit=1')).json()) as RelocationList;
    return list.relocations[0];
  };

  it('is of this very API, and asks for nothing elsewhere', async () => {
    const { headers } = await stage.ask('/');
    expect(headers.get('content-security-policy')).toMatch("default-src 'self'");
    await counterAt('cloud').waitFor();
    expect(await page.locator('[data-site]').count()).toBe(4);
    expect(wrong).toEqual([]);
  });

  it('plans a move that is dragged, begins it, shows that it is held, and approves it', async () => {
    await counterAt('cloud').dragTo(page.locator('[data-site=a1]'));
    const plan = page.getByLabel('Plan of a move');
    await plan.getByText('Possible.').waitFor();
    expect(await newest()).toBeUndefined(); // nothing was done yet
    await plan.getByText('when it is approved').click();
    await plan.getByText('Move it').click();
    const detail = page.getByLabel('A move');
    await detail.locator('[data-action=approve]').waitFor();
    await expect(detail.innerText()).resolves.toMatch(/an operator: the cut-over has to be approved/);
    expect(await page.locator('.arc.waits circle.done').count()).toBeGreaterThan(2);
    await expect(newest()).resolves.toMatchObject({ state: 'held', request: { source: 'cloud', target: 'a1' } });
    await detail.locator('[data-action=approve]').click();
    await detail.getByText('relocated', { exact: true }).waitFor();
    await counterAt('a1').waitFor();
    await page.getByText(/median freeze/).waitFor();
    expect(wrong).toEqual([]);
  });

  it('costs the API less than a tenth of a core while ten of it follow a move', async () => {
    const leave = new AbortController();
    const streams = await Promise.all(
      Array.from({ length: 10 }, async () => await fetch(`${stage.api}/v1/events`, { signal: leave.signal })),
    );
    const read = streams.map(async ({ body }) => await body?.pipeTo(new WritableStream()).catch(() => undefined));
    const [begun, before] = [performance.now(), cpuMsOf(stage.apiPart.pid)];
    const { id } = await stage.begin('a1', 'a2', { cutOver: { approval: true } });
    await page.getByLabel('Waits for a person').getByRole('button').waitFor();
    await stage.post(`/v1/relocations/${id}/approve`);
    await page.getByLabel('Ended').getByText('counter: a1 → a2').waitFor();
    const share = (cpuMsOf(stage.apiPart.pid) - before) / (performance.now() - begun);
    leave.abort();
    await Promise.all(read);
    process.stdout.write(`With eleven who listen to a move the API took ${(100 * share).toFixed(1)} % of a core.\n`);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(0.1);
    await counterAt('a2').waitFor();
  });

  it('tells why a move is parked, and has it tried again', async () => {
    const order = {
      peer: 'meo-cellular',
      operation: 'DELETE /app_lcm/v1/app_instances/*',
      kind: 'status',
      status: 503,
    };
    await stage.fault(order);
    await stage.begin('a2', 'cloud');
    await page.getByLabel('Waits for a person').getByRole('button').click();
    const detail = page.getByLabel('A move');
    await expect
      .poll(async () => await detail.innerText())
      .toMatch(/an operator: retry, or abandon it[^]*PeerUnavailable/);
    await stage.clearFaults();
    await detail.locator('[data-action=retry]').click();
    await detail.getByText('relocated', { exact: true }).waitFor();
    await expect.poll(async () => await page.getByLabel('Waits for a person').count()).toBe(0);
    await counterAt('cloud').waitFor();
    expect(wrong).toEqual([]);
  });

  it('tells of a peer whose process stands still that it is away, since when and at which sites, and that it is back', async () => {
    const pid = await processOf(stage, 'network'); // has the vantage points
    const told = async (): Promise<string> => {
      const texts: string[] = [];
      const stream = { write: (text: string) => texts.push(text) };
      await sites(new FerryClient(stage.api), new Terminal(stream, stream));
      return texts.join('');
    };
    const reach = async () =>
      ((await (await stage.ask('/v1/sites?waitSeconds=5')).json()) as SiteList).peers['vantage-cellular'];
    const is = async (reachable: boolean) =>
      await expect
        .poll(async () => (await reach())?.reachable, { timeout: 90_000 * busy(), interval: 2_000 })
        .toBe(reachable);
    const away = page.locator('[data-site=a1] .away');
    const soon = { timeout: 40_000 * busy() }; // a console asks every 15 s
    await is(true);
    process.kill(pid, 'SIGSTOP');
    try {
      await is(false);
      const at = await reach();
      expect(at?.lastFailure?.what).toMatch(/^vantage-cellular: GET .* did not answer within \d+ ms$/);
      expect(at?.seenAt).toBe(at?.lastFailure?.at);
      await expect(told()).resolves.toMatch(
        /^a1 +mecHost +cellular +cellular +no: vantage-cellular .*$[^]*^vantage-cellular has not answered since .*did not answer within/m,
      );
      await expect.poll(async () => await away.allInnerTexts(), soon).toEqual(['vantage-cellular does not answer']);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await is(true);
    expect((await reach())?.lastFailure?.what).toMatch('did not answer within'); // is remembered
    await expect(told()).resolves.not.toMatch('vantage-cellular has not answered');
    await expect.poll(async () => await away.count(), soon).toBe(0);
    expect(wrong).toEqual([]);
  });

  it('says that Temporal is away, and goes on when it is back', async () => {
    await stage.killTemporal();
    await page.getByText('Temporal does not answer').waitFor();
    await counterAt('cloud').waitFor();
    await stage.startTemporalAgain();
    await expect.poll(async () => await page.getByText('Live').count(), { timeout: 30_000 * busy() }).toBe(1);
  });
});
