import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { zipSync } from 'fflate';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { packArchive } from '../../sandbox/packages.ts';
import { keepInstancesIn, type RunningInstance, runningInstances, startInstance } from '../../sandbox/runner.ts';
import { claimNetwork } from '../support/network.ts';
import { archiveOf, descriptor, smallApplication } from '../support/small-application.ts';

const { net: NET } = await claimNetwork();

const archive = smallApplication();
const started: RunningInstance[] = [];
const start = async (id: string, address: string, more: { archive?: Buffer; env?: Record<string, string> } = {}) => {
  const instance = await startInstance({ id, archive, address, ...more });
  started.push(instance);
  return instance;
};
const ask = async (address: string) => (await fetch(`http://${address}:7000/`)).json();
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const until = async (holds: () => boolean): Promise<void> => {
  const deadline = Date.now() + 5_000;
  while (!holds() && Date.now() < deadline) await pause(10);
  expect(holds()).toBe(true);
};

afterEach(async () => {
  await Promise.all(started.splice(0).map((instance) => instance.stop(0)));
});

describe('the runner', () => {
  it('runs what the package holds, as a process of its own on an address of its own', async () => {
    const one = await start('one', `127.${NET}.250.1`, { env: { GREETING: 'hello' } });
    const two = await start('two', `127.${NET}.250.2`);
    expect(one.endpoint).toEqual({ host: `127.${NET}.250.1`, port: 7000 });
    expect(await ask(`127.${NET}.250.1`)).toEqual({
      INSTANCE_ID: 'one',
      MANAGEMENT_PORT: '7001',
      GREETING: 'hello',
      pid: one.pid,
    });
    expect(await ask(`127.${NET}.250.2`)).toMatchObject({ INSTANCE_ID: 'two', pid: two.pid });
    expect(runningInstances()).toEqual([
      { name: 'one', pid: one.pid },
      { name: 'two', pid: two.pid },
    ]);
  });

  it('leaves no folder behind', async () => {
    const temporary = await mkdtemp(path.join(tmpdir(), 'runner-test-'));
    vi.stubEnv('TMPDIR', temporary);
    try {
      const instance = await start('one', `127.${NET}.250.3`);
      await instance.stop(1_000);
      await expect.poll(async () => await readdir(temporary)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      await rm(temporary, { recursive: true });
    }
  });

  it('ends an instance that does not heed SIGTERM, after its grace', async () => {
    const deaf = archiveOf(`
      import { createServer } from 'node:http';
      process.on('SIGTERM', () => undefined);
      createServer((req, res) => res.end('here')).listen(7000, process.env.HOST);`);
    const instance = await start('deaf', `127.${NET}.250.4`, { archive: deaf });
    const asked = Date.now();
    await instance.stop(300);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(290);
    expect(await instance.exited).toBeNull();
    expect(isAlive(instance.pid)).toBe(false);
  });

  it('starts what an image of several files says, in their folder, and keeps what it says and its data', async () => {
    const home = await mkdtemp(path.join(tmpdir(), 'runner-test-'));
    keepInstancesIn(home);
    const image = zipSync({
      'start.json': Buffer.from('{"command": ["node", "lib/serve.mjs", "aloud"], "environment": {"WORD": "ready"}}'),
      'lib/serve.mjs': Buffer.from(`
        import { createServer } from 'node:http';
        import { appendFileSync, readFileSync } from 'node:fs';
        appendFileSync(process.env.DATA_DIR + '/starts', '.');
        console.log(process.env.WORD, process.argv[2]);
        createServer((req, res) => res.end(JSON.stringify({
          starts: readFileSync(process.env.DATA_DIR + '/starts', 'utf8'), cwd: process.cwd() })))
          .listen(Number(process.env.PORT), process.env.HOST);`),
    });
    const several = packArchive(
      { ...descriptor, swImageDescriptor: [{ swImage: 'Artifacts/image.zip' }] },
      { 'Artifacts/image.zip': image },
    );
    try {
      for (const starts of ['.', '..']) {
        const instance = await start('a/b', `127.${NET}.250.7`, { archive: several });
        expect(await ask(`127.${NET}.250.7`)).toEqual({ starts, cwd: path.join(home, 'a%2Fb/files') });
        await instance.stop(0);
      }
      expect(await readFile(path.join(home, 'a%2Fb.log'), 'utf8')).toBe('ready aloud\nready aloud\n');
    } finally {
      keepInstancesIn(undefined);
      await rm(home, { recursive: true });
    }
  });

  it.each([
    ['without a word on its start', {}, /image\.zip holds no start\.json/],
    ['with a word that is no JSON', { 'start.json': Buffer.from('node app') }, /start\.json in .*image\.zip: /],
    ['with no command', { 'start.json': Buffer.from('{}') }, /start\.json in .*command/s],
  ])('refuses an image %s', async (_, files, why) => {
    const swImageDescriptor = [{ swImage: 'Artifacts/image.zip' }];
    const image = zipSync({ ...files, 'app.py': Buffer.from('') });
    const bad = packArchive({ ...descriptor, swImageDescriptor }, { 'Artifacts/image.zip': image });
    await expect(start('bad', `127.${NET}.250.8`, { archive: bad })).rejects.toThrow(why);
  });

  it('says why an instance did not start', async () => {
    const broken = archiveOf(`process.stderr.write('no licence'); process.exitCode = 3;`);
    await expect(start('broken', `127.${NET}.250.5`, { archive: broken })).rejects.toThrow(/broken ended .*no licence/);
    expect(runningInstances()).toEqual([]);
  });

  it('names the command that makes a missing address', async () => {
    await expect(start('nowhere', '192.0.2.1')).rejects.toThrow('sudo ifconfig lo0 alias 192.0.2.1');
  });

  it('takes its instances along when it is killed, so that their addresses are free again', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'runner-test-'));
    const file = path.join(folder, 'app.zip');
    await writeFile(file, archive);
    const parent = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '--eval',
        `import { readFile } from 'node:fs/promises';
         import { startInstance } from './sandbox/runner.ts';
         const archive = await readFile(${JSON.stringify(file)});
         const { pid } = await startInstance({ id: 'orphan', archive, address: '127.${NET}.250.6' });
         process.stdout.write(pid + '\\n');`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
      const pid = Number(line);
      expect(isAlive(pid)).toBe(true);
      parent.kill('SIGKILL');
      await until(() => !isAlive(pid));
      expect(await start('heir', `127.${NET}.250.6`)).toMatchObject({ endpoint: { host: `127.${NET}.250.6` } });
    } finally {
      parent.kill('SIGKILL');
      await rm(folder, { recursive: true });
    }
  });
});
