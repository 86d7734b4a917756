import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Phases } from '../../cli/started.ts';
import { Terminal } from '../../cli/terminal.ts';

const written = (isTTY: boolean) => {
  const texts: string[] = [];
  const stream = { write: (text: string) => texts.push(text), isTTY, columns: 80 };
  return { texts, phases: new Phases(new Terminal(stream, stream)) };
};

function deferred() {
  let [resolve, reject]: [(value: string) => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<string>((...settling) => ([resolve, reject] = settling));
  return { promise, resolve, reject };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a start', () => {
  it('says on a terminal what it waits for, and since when, until that is there', async () => {
    const { texts, phases } = written(true);
    const [database, world] = [deferred(), deferred()];
    const both = [phases.timed('PostgreSQL', database.promise), phases.timed('sandbox', world.promise)];
    await vi.advanceTimersByTimeAsync(3_000);
    expect(texts.at(-1)).toContain('… PostgreSQL 3 s, sandbox 3 s');
    database.resolve('there');
    expect(await both[0]).toBe('there');
    expect(stripVTControlCharacters(texts.join(''))).toMatch(/✓ PostgreSQL +3\.0 s/);
    expect(texts.at(-1)).toContain('… sandbox 3 s');
    world.resolve('there');
    await both[1];
    const before = texts.length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(texts).toHaveLength(before);
    expect(phases.done.map(({ phase, tookMs }) => ({ phase, tookMs }))).toEqual([
      { phase: 'PostgreSQL', tookMs: 3_000 },
      { phase: 'sandbox', tookMs: 3_000 },
    ]);
  });

  it('says in a pipe only what is done, and what one of its parts has to say', async () => {
    const { texts, phases } = written(false);
    const server = deferred();
    const started = phases.timed('Temporal dev server', server.promise);
    phases.say('Temporal CLI: 12 MB');
    await vi.advanceTimersByTimeAsync(3_000);
    server.reject(new Error('no room'));
    await expect(started).rejects.toThrow('no room');
    expect(texts).toEqual(['  Temporal CLI: 12 MB\n']);
    expect(phases.done).toEqual([]);
  });
});
