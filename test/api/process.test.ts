import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, expect, it } from 'vitest';
import { program } from '../../cli/built.ts';
import { named } from '../support/api.ts';
import { Collector } from '../support/collector.ts';
import { busy } from '../support/busy.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferry-api-'));
const file = join(folder, 'ferry.json');
writeFileSync(file, JSON.stringify(named));
afterAll(() => rmSync(folder, { recursive: true }));

let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

interface Process {
  readonly said: Promise<{ ready: true; url: string }>;
  readonly ended: Promise<{ code: number | null; errors: string }>;
  readonly process: ChildProcess;
}

/** The API's entry, as it is started: without Temporal. */
function run(environment: Record<string, string>, ...args: string[]): Process {
  const started = spawn(process.execPath, [...program('api/main.ts'), ...args], {
    env: {
      ...process.env,
      FERRY_CONFIG: file,
      FERRY_PORT: '0',
      FERRY_LOG_LEVEL: 'error',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child = started;
  let errors = '';
  started.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  started.stdin.on('error', () => undefined);
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) =>
    started.once('close', (code) => resolve({ code, errors })),
  );
  const said = new Promise<{ ready: true; url: string }>((resolve) => {
    createInterface({ input: started.stdout }).once('line', (line) =>
      resolve(JSON.parse(line) as { ready: true; url: string }),
    );
  });
  return { said, ended, process: started };
}

it('starts without Temporal, says where it serves, and that it is not ready', async () => {
  const api = run({});
  const { ready, url } = await api.said;
  expect(ready).toBe(true);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect((await fetch(`${url}/health/ready`)).status).toBe(503);
  api.process.kill('SIGTERM');
  await expect(api.ended).resolves.toMatchObject({ code: 0 });
});

it('says that it is shutting down, lets the request under way end, and ends within 3 s', async () => {
  const api = run({});
  const { url } = await api.said;
  const { hostname, port } = new URL(url);
  const slow = connect(Number(port), hostname);
  let heard = '';
  slow.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk;
  });
  slow.write(
    `POST /v1/relocations HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{`,
  );
  await fetch(`${url}/health/live`); // what was said before has been read by now
  const begun = performance.now();
  api.process.kill('SIGTERM');
  const ready = await fetch(`${url}/health/ready`);
  await expect(ready.json()).resolves.toMatchObject({ status: 503, detail: 'it is shutting down' });
  slow.write('}');
  await new Promise((closed) => slow.once('close', closed));
  expect(heard).toMatch(/^HTTP\/1.1 400 [^]*application\/problem\+json/);
  await expect(api.ended).resolves.toMatchObject({ code: 0 });
  expect(performance.now() - begun).toBeLessThan(3_000 * busy());
});

it('ends when its stdin closes, where it is tethered, and only there', async () => {
  const tethered = run({}, '--tethered');
  await tethered.said;
  tethered.process.stdin?.end();
  await expect(tethered.ended).resolves.toMatchObject({ code: 0 });
  const free = run({});
  const { url } = await free.said;
  free.process.stdin?.end();
  const ready = (await (await fetch(`${url}/health/ready`)).json()) as { detail: string }; // asks Temporal for a second
  expect(ready.detail).toMatch(/Temporal/);
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
});

it.each([
  ['a configuration that is not there', { FERRY_CONFIG: '/nowhere.json' }, /cannot read the configuration file/],
  ['other machines to serve, unprotected', { FERRY_HOST: '0.0.0.0' }, /FERRY_UNPROTECTED=true/],
  ['a port that is none', { FERRY_PORT: 'many' }, /FERRY_PORT/],
  ['an address that is not its own', { FERRY_HOST: '192.0.2.1', FERRY_UNPROTECTED: 'true' }, /EADDRNOTAVAIL/],
])('refuses %s in words', async (_, environment, words) => {
  const { code, errors } = await run(environment).ended;
  expect(code).toBe(1);
  expect(errors).toMatch(words);
  expect(errors).not.toMatch(/at .*:\d+:\d+/);
});

it('tells a collector of what it was asked, under the name that it is given, and not of who only looks', async () => {
  const collector = await Collector.start();
  try {
    const api = run({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'ferry-of-a' });
    const { url } = await api.said;
    await fetch(`${url}/health/live`);
    await fetch(`${url}/v1/sites?secret=1`);
    api.process.kill('SIGTERM'); // what has not been sent by then is sent at the end
    await expect(api.ended).resolves.toMatchObject({ code: 0 });
    expect(collector.spans).toMatchObject([{ name: 'GET /v1/sites', service: 'ferry-of-a' }]);
    expect(collector.text).not.toContain('secret');
  } finally {
    collector.stop();
  }
});

it('ends as it does otherwise where no collector answers', async () => {
  const api = run({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
  const { url } = await api.said;
  await fetch(`${url}/v1/sites`);
  api.process.kill('SIGTERM');
  await expect(api.ended).resolves.toMatchObject({ code: 0 });
});
