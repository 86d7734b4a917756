import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Keys } from '../../api/northbound/keys.ts';

const asked = (n: number) => ({ subject: `relocation:${n}`, key: `key${n}`, latest: `run-${n}` });

const NONE = { toNumber: () => 0 };

/** A Temporal with nothing but an index, which tells of these runs, and its questions. */
function indexOf(runs: (query: string) => readonly string[]) {
  const questions: string[] = [];
  const listWorkflowExecutions = async ({ query }: { query: string }) => {
    questions.push(query);
    const executions = runs(query).map((runId) => ({
      execution: { workflowId: 'relocation:other', runId },
      type: { name: 'relocateApplication' },
      status: 1,
      startTime: {},
      historyLength: NONE,
      searchAttributes: {},
    }));
    return { executions, nextPageToken: null };
  };
  const temporal = {
    options: { namespace: 'default' },
    workflowService: { listWorkflowExecutions },
    withDeadline: async (_: number, work: () => Promise<unknown>) => await work(),
  };
  return { keys: new Keys(temporal as unknown as Client), questions };
}

describe('the index of keys', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('is asked by many together, fifty at most, and once by one', async () => {
    const { keys, questions } = indexOf((query) => query.match(/run-\d+/g) ?? []);
    const found = await Promise.all(Array.from({ length: 101 }, async (_, n) => await keys.find(asked(n))));
    expect(found.flat()).toEqual([]);
    expect(questions.map((query) => query.match(/run-\d+/g)?.length)).toEqual([1, 50, 50]);
  });

  it('is asked again until it knows of the last run, and not believed where it stays behind', async () => {
    let knows: string[] = [];
    const { keys, questions } = indexOf(() => knows);
    const late = keys.find(asked(1));
    await vi.waitFor(() => expect(questions.length).toBeGreaterThan(1));
    knows = ['run-1'];
    await expect(late).resolves.toEqual([]);
    knows = ['run-2'];
    const never = keys.find(asked(1));
    vi.setSystemTime(Date.now() + 30_000);
    await expect(never).rejects.toMatchObject({
      status: 503,
      remedy: expect.stringMatching('nothing is started twice'),
    });
  });

  it('that is away is told to whoever asked it, and asked again by the next', async () => {
    let away = true;
    const { keys } = indexOf((query) => {
      if (away) throw new Error('away');
      return query.match(/run-\d+/g) ?? [];
    });
    await expect(Promise.all([keys.find(asked(1)), keys.find(asked(2))])).rejects.toThrow('away');
    away = false;
    await expect(keys.find(asked(1))).resolves.toEqual([]);
  });
});
