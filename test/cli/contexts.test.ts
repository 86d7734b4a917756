import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { contextsFile } from '../../cli/contexts.ts';
import { answering, FakeApi, ferry, ID, relocation, SHORT } from './fake-api.ts';

let api: FakeApi;
let folder: string;
beforeEach(async () => {
  api = await FakeApi.start();
  api.answer = answering(200, { sites: [], peers: {}, next: null });
  folder = mkdtempSync(join(tmpdir(), 'ferry-contexts-'));
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  vi.stubEnv('FERRY_API', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  await api.stop();
});

const NOWHERE = 'http://127.0.0.1:1';

describe('ferry context', () => {
  it('keeps where Ferrys are, and asks the first until another is used', async () => {
    await ferry('context', 'set', 'munich', '--api', `${api.url}/`);
    const { out } = await ferry('context', 'set', 'berlin', '--api', NOWHERE);
    expect(out).toBe(`   context  API\n*  munich   ${api.url}\n   berlin   ${NOWHERE}\n`);
    expect((await ferry('sites')).exit).toBe(0);
    await ferry('context', 'use', 'berlin');
    const { exit, err } = await ferry('sites');
    expect(exit).toBe(4);
    expect(err).toContain(`no answer from ${NOWHERE}`);
    expect(JSON.parse(readFileSync(contextsFile(), 'utf8'))).toEqual({
      current: 'berlin',
      contexts: { munich: { api: api.url }, berlin: { api: NOWHERE } },
    });
  });

  it('is outvoted by the environment, and that by what is typed', async () => {
    await ferry('context', 'set', 'munich', '--api', api.url);
    await ferry('context', 'set', 'berlin', '--api', NOWHERE);
    vi.stubEnv('FERRY_CONTEXT', 'berlin');
    expect((await ferry('sites')).exit).toBe(4);
    expect((await ferry('sites', '--context', 'munich')).exit).toBe(0);
    vi.stubEnv('FERRY_API', api.url);
    expect((await ferry('sites')).exit).toBe(0);
    expect((await ferry('sites', '--context', 'berlin')).exit).toBe(4);
    expect((await ferry('sites', '--context', 'berlin', '--api', api.url)).exit).toBe(2);
  });

  it('shows them as documents too, and offers their names to a shell', async () => {
    await ferry('context', 'set', 'munich', '--api', api.url);
    const row = { name: 'munich', api: api.url, current: true };
    expect(JSON.parse((await ferry('context', '--json')).out)).toEqual({ contexts: [row] });
    await ferry('context', 'delete', 'munich');
    expect((await ferry('context')).out).toBe('No contexts.\n');
  });

  it('knows those that are there, and says which', async () => {
    await ferry('context', 'set', 'munich', '--api', api.url);
    const { exit, err } = await ferry('sites', '--context', 'hamburg');
    expect([exit, err]).toEqual([3, 'no context is called hamburg: there are munich\n']);
    expect((await ferry('context', 'use', 'hamburg')).exit).toBe(3);
  });

  it('says how one is made where there is none', async () => {
    const { exit, err } = await ferry('sites', '--context', 'hamburg');
    expect([exit, err]).toEqual([
      3,
      'no context is called hamburg, nor anything else: `ferry context set hamburg --api <url>` makes it\n',
    ]);
  });

  it('is what a command that is to be typed next names, and nothing is named that was not typed', async () => {
    const held = relocation({ state: 'held', step: 'copyAhead', actions: ['approve', 'cancel'] });
    api.answer = answering(200, held);
    await ferry('context', 'set', 'munich', '--api', api.url);
    const shown = async (...more: string[]): Promise<string> => {
      const { out, err } = await ferry('show', ID, ...more);
      expect(err).toBe('');
      return out;
    };
    expect(await shown()).toContain(`you may      ferry approve ${SHORT}\n`);
    expect(await shown('--context', 'munich')).toContain(`ferry approve ${SHORT} --context munich\n`);
    expect(await shown('--api', api.url)).toContain(`ferry approve ${SHORT} --api ${api.url}\n`);
  });

  it.each([
    [['--api', 'foo'], '', /--api is no address of an API, such as http:\/\/127\.0\.0\.1:8700: foo/],
    [[], 'ftp://foo', /FERRY_API is no address of an API/],
  ])('and an address that is none is wrong usage: %j', async (typed, environment, words) => {
    vi.stubEnv('FERRY_API', environment);
    const { exit, err } = await ferry('sites', ...typed);
    expect(exit).toBe(2);
    expect(err).toMatch(words);
  });

  it.each([
    [['context', 'set', 'munich'], /--api says where it is/],
    [['context', 'set', 'munich', '--api', 'munich'], /--api says where it is/],
    [['context', 'set', '__proto__', '--api', NOWHERE], /a name has letters/],
    [['context', 'rename', 'munich'], /say use, set, delete/],
  ])('takes no %j', async (typed, words) => {
    const { exit, err } = await ferry(...typed);
    expect(exit).toBe(2);
    expect(err).toMatch(words);
  });

  it.each([
    ['no JSON', '{', /contexts\.json is no file of contexts/],
    ['one in use that is not there', '{"current":"x","contexts":{}}', /`current` names none of them/],
    ['an address that is none', '{"contexts":{"x":{"api":"file:///"}}}', /`api` of x is no URL/],
    ['null', 'null', /`contexts` is missing/],
  ])('says what is wrong where its file has %s, and stops nobody who says where to ask', async (_, text, words) => {
    mkdirSync(dirname(contextsFile()));
    writeFileSync(contextsFile(), text);
    expect((await ferry('sites')).err).toMatch(words);
    expect((await ferry('sites', '--api', api.url)).exit).toBe(0);
  });
});
