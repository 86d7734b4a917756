import { describe, expect, it } from 'vitest';
import type { Report } from '../../check/check.ts';
import type { Rules } from '../../sandbox/application/rules.ts';
import { checked, pair, type Wrong } from '../support/checked.ts';

const checkedWith = async (wrong: Wrong): Promise<Report> => {
  const running = await pair(wrong);
  try {
    return await checked(running);
  } finally {
    await running.close();
  }
};

/** Which rules it calls broken. */
const broken = async (rules: Partial<Rules>): Promise<string[]> => {
  const { findings } = await checkedWith({ rules });
  return findings.filter(({ verdict }) => verdict === 'broken').map(({ rule }) => rule);
};

it("says that the sandbox's application keeps every rule", async () => {
  const report = await checkedWith({});
  expect(report.findings.filter(({ verdict }) => verdict !== 'held')).toEqual([]);
  expect(report.left).toEqual([]);
});

describe('names exactly the rule that is left out:', () => {
  it.concurrent('the source alone deciding', async () => {
    expect(await broken({ prepareDecides: true })).toEqual(['sourceDecides']);
  });
  it.concurrent('a number of its own for each freeze', async () => {
    expect(await broken({ freezeNumber: (epoch) => epoch + 1 })).toEqual(['freezeNumber']);
  });
  it.concurrent('the tombstone', async () => {
    expect(await broken({ bury: (known) => known ?? { phase: 'kept' } })).toEqual(['tombstone']);
  });
  it.concurrent('the refusal of copies by an authority', async () => {
    expect(await broken({ refusesCopies: () => false })).toEqual(['authorityRefuses']);
  });
  it.concurrent('the relaying of whoever is not the authority', async () => {
    expect(await broken({ serves: ({ role }) => role !== 'relay' })).toEqual(['relays']);
  });
  it.concurrent('the epoch check', async () => {
    expect(await broken({ outdated: () => false, fenced: () => false })).toEqual(['olderEpoch']);
  });
  it.concurrent('the comparison of what the target holds with what the source has', async () => {
    expect(await broken({ complete: () => true })).toEqual(['sums']);
  });
  it.concurrent('the same, of entries alone', async () => {
    expect(await broken({ complete: (held, total) => held.entries === total.entries })).toEqual(['sums']);
  });
  it.concurrent('intervals: the highest number alone', async () => {
    expect(await broken({ accepted: (known, number) => number <= (known.at(-1)?.[1] ?? 0) })).toEqual(['intervals']);
  });
  it.concurrent('staying for a target that has not heard', async () => {
    expect(await broken({ holds: () => false })).toEqual(['stays']);
  });
  it.concurrent('staying for a relocation that is on its way', async () => {
    expect(await broken({ expects: () => false })).toEqual(['stays']);
  });
  it.concurrent('the fence of a takeover', async () => {
    expect(await broken({ fences: false })).toEqual(['takeover']);
  });
});
