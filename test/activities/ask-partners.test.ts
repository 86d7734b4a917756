import { describe, expect, it } from 'vitest';
import { asking } from '../../activities/federation/ask-partners.ts';
import type { FindingMeans } from '../../activities/federation/finding.ts';
import type { Partner } from '../../activities/federation/ports.ts';
import type { Question } from '../../activities/federation/questions.ts';
import { Refusal } from '../../domain/failures.ts';
import type { Query } from '../../domain/wish.ts';
import { attemptOf } from '../support/attempt.ts';

const query: Query = { find: 'systems', by: { service: 'speech' } };

/** Two partners that hear a question; whatever the catalogue does may be changed. */
function world(findings: Partial<FindingMeans['findings']> = {}) {
  const heard: Question[] = [];
  const findSystems = async (_context: string, question: Question) => {
    heard.push(question);
    return { systems: [], complete: true, validSeconds: 60 };
  };
  const unexpected = async (): Promise<never> => await Promise.reject(new Error('nobody expected that'));
  const means: FindingMeans = {
    findings: {
      now: async () => new Date(),
      askable: async () =>
        ['b', 'c'].map((partner) => ({ agreement: `agreement-${partner}`, partner, context: 'context' })),
      asking: unexpected,
      learned: async () => 0,
      count: async () => 0,
      answered: async () => undefined,
      note: async () => undefined,
      asked: unexpected,
      joinable: unexpected,
      wantOnMiss: unexpected,
      notUsable: unexpected,
      ...findings,
    },
    partner: () => ({ extended: true, findSystems }) as unknown as Partner,
    orchestrators: { refresh: unexpected },
    wake: async () => undefined,
    uuidOf: (text) => text,
    operator: 'operator-a',
    pace: { askMs: 1_000, fanOut: 8, hops: 2, validSeconds: 60, missSeconds: 10 },
  };
  const attempt = async (nth: number) =>
    await attemptOf({ attempt: nth }).run(asking(means).askPartners, { query, digest: 'd' });
  return { heard, attempt };
}

describe('asking partners', () => {
  it('again is the same message, and another one for each of them', async () => {
    const { heard, attempt } = world();
    await attempt(1);
    await attempt(2);
    const messages = heard.map(({ message }) => message);
    expect(messages.slice(2)).toEqual(messages.slice(0, 2));
    expect(new Set(messages).size).toBe(2);
  });

  it('fails with the catalogue, and not with a partner: what was not written was not answered', async () => {
    const away = async (): Promise<never> =>
      await Promise.reject(new Refusal('CatalogueUnavailable', 'the database does not answer'));
    const { attempt } = world({ learned: away });
    await expect(attempt(1)).rejects.toMatchObject({ type: 'CatalogueUnavailable', nonRetryable: false });
  });
});
