import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporalCli, testServer } from '../../servers/obtain.ts';
import { eventually, isAlive } from '../cli/eventually.ts';

/** An empty machine: a PATH and a cache of its own, and a network that is not there. */
let home: string;
let bin: string;
let cache: string;
let before: NodeJS.ProcessEnv;
beforeEach(async () => {
  before = { ...process.env };
  home = await mkdtemp(join(tmpdir(), 'ferry-obtain-'));
  [bin, cache] = [join(home, 'bin'), join(home, 'cache', 'ferry')];
  await mkdir(bin);
  await mkdir(cache, { recursive: true });
  vi.stubEnv('PATH', bin);
  vi.stubEnv('XDG_CACHE_HOME', join(home, 'cache'));
  vi.stubEnv('TEMPORAL_CLI_PATH', '');
  vi.stubEnv('TEMPORAL_TEST_SERVER_PATH', '');
  for (const proxy of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) vi.stubEnv(proxy, 'http://127.0.0.1:9');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  // The next file of this process finds it as this one did, whatever was stubbed twice
  for (const name of Object.keys(process.env))
    if (!Object.hasOwn(before, name)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
  await rm(home, { recursive: true });
});

async function executable(path: string, script = 'exit 0'): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

/** Stands for `go`: counts its calls, and builds as it is told to. */
const fakeGo = async (script: string): Promise<string> =>
  await executable(join(bin, 'go'), `echo "$@" >> ${home}/calls\n${script}`);
const builds = `echo '#!/bin/sh' > "$GOBIN/temporal" && chmod 755 "$GOBIN/temporal"`;
const goCalls = async (): Promise<string[]> =>
  (await readFile(join(home, 'calls'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

const silent = (): void => undefined;

describe('the Temporal CLI', () => {
  it('is the one that TEMPORAL_CLI_PATH names, before any other', async () => {
    const explicit = await executable(join(home, 'explicit'));
    vi.stubEnv('TEMPORAL_CLI_PATH', explicit);
    await executable(join(bin, 'temporal'));
    expect(await temporalCli(silent)).toBe(explicit);
  });

  it('is not silently another one when TEMPORAL_CLI_PATH names nothing that runs', async () => {
    vi.stubEnv('TEMPORAL_CLI_PATH', join(home, 'nothing'));
    await executable(join(bin, 'temporal'));
    await expect(temporalCli(silent)).rejects.toThrow(/TEMPORAL_CLI_PATH names no executable file/);
  });

  it('is the one on PATH before the one in the cache', async () => {
    const onPath = await executable(join(bin, 'temporal'));
    const cached = await executable(join(cache, 'temporal-v1.5.1', 'temporal'));
    expect(await temporalCli(silent)).toBe(onPath);
    await rm(onPath);
    expect(await temporalCli(silent)).toBe(cached);
  });

  it('is built with Go when it is nowhere and cannot be downloaded, is told so, and is kept', async () => {
    await fakeGo(builds);
    const said: string[] = [];
    const path = await temporalCli((line) => said.push(line));
    expect(path).toBe(join(cache, 'temporal-v1.5.1', 'temporal'));
    expect(await goCalls()).toEqual(['install github.com/temporalio/cli/cmd/temporal@v1.5.1']);
    expect(said.join('\n')).toMatch(/own download: failed after[^]*go install[^]*obtained the Temporal CLI in/);
    expect(await temporalCli(silent)).toBe(path);
    expect(await goCalls()).toHaveLength(1);
  });

  it('is written whole or not at all', async () => {
    await fakeGo(`${builds}\necho 'go: no space left' >&2\nexit 1`);
    await expect(temporalCli(silent)).rejects.toThrow(/go: no space left/);
    expect(await readdir(cache)).toEqual([]);
  });

  it('is built once when two starts want it at once', async () => {
    await fakeGo(`until [ -e ${home}/go-on ]; do sleep 0.05; done\n${builds}`);
    const starts = [obtaining(), obtaining()];
    try {
      await eventually(
        () => starts.some(({ heard }) => heard().includes('another start is obtaining temporal')),
        20_000,
      );
      await writeFile(join(home, 'go-on'), '');
      const ends = await Promise.all(starts.map(async ({ path }) => await path));
      expect(new Set(ends)).toEqual(new Set([join(cache, 'temporal-v1.5.1', 'temporal')]));
      expect(await goCalls()).toHaveLength(1);
    } finally {
      for (const { child } of starts) child.kill('SIGKILL');
    }
  });

  it('leaves no build running when the start is killed', async () => {
    await fakeGo(`echo $$ > ${home}/pid\nexec sleep 600`);
    const { child } = obtaining();
    const pid = async (): Promise<number> => Number(await readFile(join(home, 'pid'), 'utf8').catch(() => ''));
    await eventually(async () => (await pid()) > 0, 20_000);
    const build = await pid();
    child.kill('SIGKILL');
    await eventually(() => !isAlive(build));
    expect(await readdir(join(cache, 'temporal-v1.5.1')).catch(() => 'nothing')).toBe('nothing');
  });

  it('tells every remedy when it is not to be had', async () => {
    const failure = await temporalCli(silent).catch((error: Error) => error.message);
    for (const remedy of ['temporal.download', 'https://go.dev/dl', 'TEMPORAL_CLI_PATH'])
      expect(failure).toContain(remedy);
  });
});

describe('the time-skipping test server', () => {
  it('is fetched with Maven, and started by a script that takes the port', async () => {
    await executable(join(bin, 'java'), 'echo "$@"');
    await executable(join(bin, 'mvn'), 'cd "$(dirname "$4")" && grep -q temporal-test-server pom.xml && mkdir lib');
    const path = await testServer(silent);
    expect(path).toBe(join(cache, 'temporal-test-server-1.38.0', 'temporal-test-server'));
    expect(await readFile(path, 'utf8')).toMatch(
      /-cp "\$\(dirname "\$0"\)\/lib\/\*" io\.temporal\.testserver\.TestServer "\$@"/,
    );
  });

  it('tells every remedy when it is not to be had', async () => {
    const failure = await testServer(silent).catch((error: Error) => error.message);
    for (const remedy of ['temporal.download', 'JDK', 'Maven', 'TEMPORAL_TEST_SERVER_PATH'])
      expect(failure).toContain(remedy);
  });
});

/** A start of its own, in this machine. */
function obtaining(): { child: ChildProcess; heard: () => string; path: Promise<string> } {
  const obtain = fileURLToPath(new URL('../../servers/obtain.ts', import.meta.url));
  const script = `import { temporalCli } from '${obtain}'; process.stdout.write(await temporalCli());`;
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
  return { child, heard: () => err, path: new Promise((resolve) => child.once('close', () => resolve(out))) };
}
