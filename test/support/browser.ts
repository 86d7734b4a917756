import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Of the system; nothing is fetched. */
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export const hasBrowser = executablePath !== undefined;
if (!hasBrowser) process.stderr.write('There is no chromium here: tests of the console in a browser are skipped.\n');

export const launch = async (): Promise<Browser> =>
  await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** A page, and what went wrong in it, or was asked elsewhere: nothing ought to. */
export async function pageOf(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; wrong: string[] }> {
  // What pulses is drawn by the processor here
  const context = await browser.newContext({
    reducedMotion: 'reduce',
    viewport: { width: 1440, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  return { page, wrong: await goTo(page, url) };
}

/** In a page that is open already: what was there before is gone, and nothing of it is told any more. */
export async function goTo(page: Page, url: string): Promise<string[]> {
  await page.goto('about:blank');
  for (const told of ['pageerror', 'console', 'request'] as const) page.removeAllListeners(told);
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) wrong.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return wrong;
}
