import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FerryClient, Silent, Unreachable } from '../../cli/client.ts';
import { follow } from '../../cli/follow.ts';
import { followAll } from '../../cli/follow-all.ts';
import { looking } from '../../cli/looking.ts';
import { Patience } from '../../cli/patience.ts';
import { Terminal } from '../../cli/terminal.ts';
import { busy } from '../support/busy.ts';
import { type Answer, ended, event, FakeApi, ID, relocation, streaming } from './fake-api.ts';
import { eventually } from './eventually.ts';

/** An API that is frozen, or behind a network that swallows what is sent: connections stand, and nothing is said. */
let api: FakeApi;
let out: string[];
let terminal: Terminal;
beforeEach(async () => {
  api = await FakeApi.start();
  out = [];
  terminal = new Terminal({ write: (text) => out.push(text) }, { write: () => undefined });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await api.stop();
});

const SILENT_MS = 100 * busy();
const client = (silentMs = SILENT_MS): FerryClient => new FerryClient(api.url, silentMs);
const frozen: Answer = () => undefined;
const begun =
  (...texts: readonly string[]) =>
  (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const text of texts) response.write(text);
  };
/** As the one who comes for the nth time is answered; the last one for ever. */
const inTurn = (...answers: readonly Answer[]): void => {
  api.answer = (asked, response) => answers[Math.min(api.asked.length, answers.length) - 1]?.(asked, response);
};
const stays =
  (...texts: readonly string[]): Answer =>
  (_, response) =>
    begun(...texts)(response);
const saying = (words: RegExp): string[] => out.filter((line) => words.test(line));

describe('an API that stands still', () => {
  it('is said to be silent, once and since when, is waited for, and said to be back', async () => {
    inTurn(stays(event(relocation())), frozen, frozen, streaming(event(ended())));
    await expect(follow(client(), ID, terminal)).resolves.toMatchObject({ outcome: 'relocated' });
    expect(saying(/^Nothing is heard|answers again/)).toEqual([
      expect.stringMatching(
        `^Nothing is heard of ${api.url} since \\d\\d:\\d\\d:\\d\\d: it is asked again until it answers`,
      ),
      expect.stringMatching(`^${api.url} answers again \\(`),
    ]);
    expect(api.asked).toHaveLength(4);
  });

  it('is said to be back where all are followed as well, though there is no news', async () => {
    const leave = new AbortController();
    inTurn(stays('id: 1\nevent: anew\ndata: {}\n\n'), frozen, stays('retry: 1000\n\n'));
    const following = followAll(client(), terminal, leave.signal).catch(() => undefined);
    await eventually(() => saying(/answers again/).length > 0);
    leave.abort();
    await following;
    expect(api.asked.map(({ headers }) => headers['last-event-id']).slice(0, 3)).toEqual([undefined, '1', '1']);
    expect(saying(/Nothing is heard/).length).toBeGreaterThan(0);
  });

  it('is not waited for where it never said anything', async () => {
    api.answer = frozen;
    await expect(follow(client(), ID, terminal)).rejects.toBeInstanceOf(Silent);
    expect([api.asked.length, out]).toEqual([1, []]);
  });

  it('is none while it says that it is there', async () => {
    let say: ServerResponse | undefined;
    api.answer = (_, response) => {
      say = response;
      begun(event(relocation()))(response);
    };
    const following = follow(client(200 * busy()), ID, terminal);
    for (let n = 0; n < 15; n += 1) {
      await pause(20 * busy());
      say?.write(': keepalive\n\n');
    }
    say?.end(event(ended()));
    await following;
    expect([api.asked.length, saying(/Nothing is heard/)]).toEqual([1, []]);
  });

  it('is waited for by whoever looks now and then', async () => {
    const answers = [new Silent('no answer'), new Silent('no answer'), 7];
    const look = async (): Promise<number> => {
      const answer = answers.shift();
      if (typeof answer === 'number') return answer;
      throw answer;
    };
    const patience = new Patience(terminal, client(), new Date());
    const clock = vi.spyOn(performance, 'now');
    for (const minutes of [1, 2, 3, 4]) clock.mockReturnValueOnce(minutes * 60_000);
    await expect(looking(look, (n) => n === 7, { everyMs: 1, patience, signal: undefined })).resolves.toBe(7);
    expect(saying(/^Nothing is heard|answers again/)).toHaveLength(2);
  });
});

describe('an API that is away', () => {
  const signal = new AbortController().signal;
  const away = new Unreachable('connection refused');
  const atSecond = (second: number): void => void vi.spyOn(performance, 'now').mockReturnValue(second * 1_000);

  it('ends the watching after half a minute', () => {
    const patience = new Patience(terminal, client(), new Date());
    for (const second of [0, 29]) {
      atSecond(second);
      patience.failed(away, signal);
    }
    atSecond(31);
    expect(() => patience.failed(away, signal)).toThrow(away);
    expect(out).toEqual([]);
  });

  it('for a moment now and then, and has no news in between, ends nothing', () => {
    const patience = new Patience(terminal, client(), new Date());
    for (const second of [0, 100, 200]) {
      atSecond(second);
      patience.failed(away, signal);
      patience.heard();
    }
    expect(out).toEqual([]);
  });
});
