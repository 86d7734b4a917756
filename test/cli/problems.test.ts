import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answering, FakeApi, ferry, relocation } from './fake-api.ts';

let api: FakeApi;
let nobody: string;
beforeEach(async () => {
  api = await FakeApi.start();
  nobody = await closed();
  vi.stubEnv('XDG_CONFIG_HOME', '/nowhere');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await api.stop();
});

/** An address at which nobody listens. */
async function closed(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** What is typed after each command that asks the API. */
const asking: Record<string, string> = {
  relocate: 'counter cloud a1',
  plan: 'counter cloud a1',
  list: '',
  show: 'counter',
  watch: 'counter',
  return: 'counter',
  pause: 'counter',
  resume: 'counter',
  cancel: 'counter',
  approve: 'counter',
  retry: 'counter',
  abandon: 'counter',
  recover: 'counter --accept-lost-writes',
  protect: 'counter a1 a2',
  fences: '',
  scrap: 'counter',
  evacuate: 'a1',
  evacuations: '',
  hold: 'a1',
  holds: '',
  reopen: 'a1',
  anchor: 'counter a1 wifi',
  anchors: '',
  follow: 'counter ue-7 --among a1 w1',
  followers: '',
  unfollow: 'ue-7',
  sites: '',
  peers: '',
  where: '',
  place: 'counter',
  systems: '',
  offers: '',
  zones: '',
  consume: 'speech --at east/a2',
  bindings: '',
  release: 'some-binding',
  federation: '',
  discover: 'service speech',
};
const alone: Record<string, string> = {
  up: '',
  sandbox: '',
  package: 'no-such-folder',
  'check-app': 'http://127.0.0.1:1',
  context: '',
};
const words = (typed: string): string[] => typed.split(' ').filter((word) => word !== '');
const asked = async (command: string, more: readonly string[] = []) =>
  await ferry(command, ...words(asking[command] ?? ''), ...more);

/** The one document, and the exit status. */
async function problemOf(run: ReturnType<typeof ferry>): Promise<object> {
  const { exit, out } = await run;
  return { exit, ...(JSON.parse(out) as object) };
}
const sentence = expect.stringMatching(/^[^\n]+/);
const told = (exit: number, title: string, detail: unknown = sentence) => ({
  exit,
  type: 'about:blank',
  title,
  detail,
});

describe('a command that fails gives one problem document with --json', () => {
  it('of every command there is', async () => {
    const { out } = await ferry('help');
    const commands = [...out.matchAll(/^ {2}([a-z-]+) {2,}[a-z]/gm)].map(([, name]) => name);
    expect(new Set([...Object.keys(asking), ...Object.keys(alone), 'help'])).toEqual(new Set(commands));
  });

  it.each([...Object.keys(asking), ...Object.keys(alone)])('ferry %s, wrongly used', async (command) => {
    const typed = [command, ...words(asking[command] ?? alone[command] ?? '')];
    await expect(problemOf(ferry(...typed, '--nonsense', '--json'))).resolves.toMatchObject(
      told(2, 'Wrong usage', "unknown option '--nonsense'"),
    );
  });

  it.each(Object.keys(asking))('ferry %s, of an API that does not answer', async (command) => {
    await expect(problemOf(asked(command, ['--json', '--api', nobody]))).resolves.toMatchObject(
      told(4, 'The API does not answer', expect.stringContaining(nobody)),
    );
  });

  it.each(Object.keys(asking))('ferry %s, that the API refuses', async (command) => {
    const problem = { type: 'urn:ferry:failure:UnknownName', title: 'Not Found', status: 404, detail: 'no site a9' };
    api.answer = answering(404, problem);
    await expect(problemOf(asked(command, ['-o', 'json', '--api', api.url]))).resolves.toMatchObject({
      exit: 3,
      ...problem,
    });
  });

  it.each([
    ['show nothing', 'no relocation is called nothing'],
    ['watch deadbeef', 'no relocation is called deadbeef'],
    ['cancel deadbeef', 'no relocation is called deadbeef'],
    ['unfollow nobody', 'no follower that runs is called nobody'],
    ['followers nobody', 'no follower that runs is called nobody'],
    ['anchor release nothing', 'no anchor is called nothing'],
  ])('ferry %s, a name that is unknown', async (typed, detail) => {
    api.answer = answering(200, { relocations: [], followers: [], anchors: [], next: null });
    await expect(problemOf(ferry(...words(typed), '--json', '--api', api.url))).resolves.toMatchObject(
      told(3, 'Nothing, or more than one, is called so', expect.stringContaining(detail)),
    );
  });

  it('where a name means more than one', async () => {
    const two = [relocation({ id: 'a.1-deadbeef' }), relocation({ id: 'b.2-deadbeef' })];
    api.answer = ({ url }, response) =>
      answering(200, { relocations: url.includes('application') ? [] : two, next: null })({} as never, response);
    await expect(problemOf(ferry('show', 'deadbeef', '--json', '--api', api.url))).resolves.toMatchObject({
      exit: 3,
      detail: expect.stringMatching(/^deadbeef is the end of more than one id:/),
    });
  });

  it.each([
    ['list --state happy', "option '--state <state>' argument 'happy' is invalid"],
    ['list --limit none', "option '--limit <n>' argument 'none' is invalid"],
    ['watch counter --until happy', "option '--until <state>' argument 'happy' is invalid"],
    ['watch --until held', '--until needs a relocation'],
    ['relocate counter cloud', "missing required argument 'target'"],
    ['relocate counter cloud a1 --at tomorrow', "option '--at <time>' argument 'tomorrow' is invalid"],
    ['plan counter a1 a2 --accept much', "option '--accept <guarantee>' argument 'much' is invalid"],
    ['evacuations empty a1', "command-argument value 'empty' is invalid for argument 'command'"],
    ['evacuations resize a1', 'resize needs --window'],
    ['discover planet mars', 'say what: service, application, device, system'],
    ['federation embrace operator-b', 'say join, suspend, resume, leave, and which partner'],
    ['consume speech --at nowhere', '--at says system and host, such as cellular/a2'],
    ['anchor counter a1', '`ferry anchor <application> <source> <network>`'],
    ['sites --api nowhere', '--api is no address of an API'],
    ['sites -o xml', "option '-o, --output <format>' argument 'xml' is invalid"],
    ['relocat counter', "unknown command 'relocat'"],
    ['context sett here', 'say use, set, delete, and which context'],
  ])('ferry %s, found before anything is asked', async (typed, detail) => {
    await expect(problemOf(ferry(...words(typed), '--json'))).resolves.toMatchObject(
      told(2, 'Wrong usage', expect.stringContaining(detail)),
    );
    expect(api.asked).toEqual([]);
  });

  it.each([
    ['context use nowhere', 3, 'Nothing, or more than one, is called so'],
    ['sites --context nowhere', 3, 'Nothing, or more than one, is called so'],
    ['package no-such-folder', 1, 'The package is not made'],
    ['check-app NOBODY', 4, 'The application is not checked'],
    ['up --data /proc/nowhere', 1, 'Ferry is not up'],
    ['sandbox --data /proc/nowhere', 1, 'Unexpected'],
  ])('ferry %s', async (typed, exit, title) => {
    await expect(problemOf(ferry(...words(typed.replace('NOBODY', nobody)), '--json'))).resolves.toMatchObject(
      told(exit, title),
    );
  });

  it.each(['--json', '-o json', '-ojsonl', '--output jsonl', '--output=json'])(
    'however it is asked for: %s',
    async (how) => {
      const { exit, out } = await ferry('list', ...words(how), '--nonsense');
      expect([exit, JSON.parse(out)]).toMatchObject([2, { title: 'Wrong usage' }]);
    },
  );

  it.each(['', '-o wide'])('and none without: %s', async (how) => {
    const { exit, out, err } = await ferry('list', ...words(how), '--nonsense');
    expect([exit, out, err]).toEqual([2, '', expect.stringContaining('--nonsense')]);
  });
});
