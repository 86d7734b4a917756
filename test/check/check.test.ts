import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../check/check.ts';
import type { Rules } from '../../sandbox/application/rules.ts';
import { standingOf } from '../../sandbox/application/state.ts';
import { rules } from '../../check/rules/rules.ts';
import { busy } from '../support/busy.ts';
import { checked, pair, type Wrong } from '../support/checked.ts';

const LIMIT = 30_000 * busy();

const checkedWith = async (wrong: Wrong): Promise<Report> => {
  const running = await pair(wrong);
  try {
    return await checked(running);
  } finally {
    await running.close();
  }
};

/** Which rules it calls broken. */
const broken = async (wrong: Partial<Rules>): Promise<string[]> => {
  const { findings } = await checkedWith({ rules: wrong });
  return findings.filter(({ verdict }) => verdict === 'broken').map(({ rule }) => rule);
};

it.concurrent(
  "says that the sandbox's application keeps every rule",
  async () => {
    const report = await checkedWith({});
    expect(report.findings.filter(({ verdict }) => verdict !== 'held')).toEqual([]);
    expect(report.left).toEqual([]);
    const sees = report.findings.find(({ rule }) => rule === 'intervals')?.sees;
    expect(sees).toEqual(['the count in `state`', 'what is copied of the user']);
  },
  LIMIT,
);

const leftOut: readonly (readonly [what: string, wrong: Partial<Rules>, rule: string])[] = [
  ['the source alone deciding', { prepareDecides: true }, 'sourceDecides'],
  ['a number of its own for each freeze', { freezeNumber: (epoch) => epoch + 1 }, 'freezeNumber'],
  ['the tombstone', { bury: (known) => known ?? { phase: 'kept' } }, 'tombstone'],
  ['the refusal of copies by an authority', { refusesCopies: () => false }, 'authorityRefuses'],
  ['the relaying of whoever is not the authority', { serves: ({ role }) => role !== 'relay' }, 'relays'],
  ['the epoch check', { outdated: () => false, fenced: () => false }, 'olderEpoch'],
  ['the comparison of what the target holds with what the source has', { complete: () => true }, 'sums'],
  ['the same, of entries alone', { complete: (held, total) => held.entries === total.entries }, 'sums'],
  [
    'intervals: the highest number alone',
    { accepted: (known, number) => number <= (known.at(-1)?.[1] ?? 0) },
    'intervals',
  ],
  ['staying for a target that has not heard', { holds: () => false }, 'stays'],
  ['staying for a relocation that is on its way', { expects: () => false }, 'stays'],
  ['the refusal of users by an instance that goes', { takes: () => true }, 'stays'],
  ['the fence of a takeover', { fences: false }, 'takeover'],
  ['telling the decision until it was heard', { repeats: false }, 'decisionIsTold'],
];

const receipts = new Set<string>();
/** An answer that is not what the contract has there; as long as the right one. */
const answering =
  (path: string, otherwise: (answer: string) => string): Wrong['first'] =>
  (req, res) => {
    if (req.url !== path) return false;
    const end = res.end.bind(res);
    res.end = ((text?: string) => end(text === undefined ? '' : otherwise(text))) as typeof res.end;
    return false;
  };

it.concurrent.each<[string, string, Wrong['first']]>([
  [
    'another word for a refusal',
    'calls',
    answering('/relocation/v1/promise', (text) => text.replaceAll('NotServing', 'NoServices')),
  ],
  [
    'another receipt when it is asked again',
    'sameAnswer',
    answering('/relocation/v1/handOver', (text) => {
      const again = receipts.has(text);
      receipts.add(text);
      return again ? text.replace(/"count":\d/, '"count":9') : text;
    }),
  ],
])(
  'names exactly the rule that is broken by %s',
  async (_, rule, first) => {
    const { findings } = await checkedWith({ ...(first && { first }) });
    expect(findings.filter(({ verdict }) => verdict === 'broken').map((one) => one.rule)).toEqual([rule]);
  },
  LIMIT,
);

it.concurrent(
  'names the standby that begins as an authority when it is started again',
  async () => {
    const again: Wrong['again'] = (_, { state }) => {
      Object.assign(standingOf(state, '*'), { role: 'authority', epoch: 1 });
    };
    const { findings } = await checkedWith({ again });
    expect(findings.filter(({ verdict }) => verdict === 'broken').map(({ rule }) => rule)).toContain('restarted');
  },
  LIMIT,
);

it.concurrent.each(leftOut)(
  'names exactly the rule that is left out: %s',
  async (_, wrong, rule) => {
    expect(await broken(wrong)).toEqual([rule]);
  },
  LIMIT,
);

/** What is kept of a user beside the numbers of his writes: here the effect of them. */
const withEffect = async (change: (standing: { address: string | null }, writes: number) => void): Promise<Report> => {
  const running = await pair();
  let writes = 0;
  const write: typeof running.write = async (host, user, number) => {
    const acknowledged = await running.write(host, user, number);
    for (const { instance } of [running.S, running.T]) {
      const standing = instance.state.users.get(user);
      if (standing?.role === 'authority') change(standing, (writes += 1));
    }
    return acknowledged;
  };
  try {
    return await checked(running, { write });
  } finally {
    await running.close();
  }
};

it.concurrent(
  'sees the effect that a repetition has once more, though it is counted once',
  async () => {
    const { findings } = await withEffect((standing, writes) => (standing.address = `${writes} milk`));
    const told = findings.filter(({ verdict }) => verdict === 'broken');
    expect(told.map(({ rule }) => rule)).toEqual(['intervals']);
    expect(told[0]?.broken?.trace.at(-1)).toMatchObject({
      what: "u's context, copied (r2, then r3)",
      answer: expect.stringMatching(/^address was "\d+ milk", is "\d+ milk"$/) as string,
    });
  },
  LIMIT,
);

it.concurrent(
  'breaks no rule with an application that gives all of its users away alone, and says of each once why it was not tried',
  async () => {
    const wholeOnly: Wrong['first'] = (req, res) => {
      if (req.url !== '/relocation/v1/promise') return false;
      const problem = { type: 'NotServing', title: 'all users move together', status: 409 };
      res.writeHead(409, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
      return true;
    };
    const { findings } = await checkedWith({ first: wholeOnly });
    expect(findings.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
    const why = 'S gives no single user away (409 NotServing), at most all of them';
    expect(findings.find(({ rule }) => rule === 'calls')).toMatchObject({ verdict: 'held', why: [why] });
    expect(findings.find(({ rule }) => rule === 'sourceDecides')).toMatchObject({ verdict: 'notTried', why: [why] });
  },
  LIMIT,
);

it.concurrent(
  'takes a context that changes by itself for no doubled effect, and says that it could not tell',
  async () => {
    let reads = 0;
    const { findings } = await withEffect((standing) =>
      Object.defineProperty(standing, 'address', { get: () => String((reads += 1)), enumerable: true }),
    );
    const intervals = findings.find(({ rule }) => rule === 'intervals');
    expect(intervals).toMatchObject({ verdict: 'held', played: 3, of: 4, sees: ['the count in `state`'] });
    expect(intervals?.why.join()).toMatch(/^what is copied of u changes by itself \(address was/);
  },
  LIMIT,
);

it.concurrent(
  'tells the cause before what may only follow from it, and says that it may',
  async () => {
    // Every write counts for two
    const doubled: Wrong['first'] = (req, res) => {
      if (req.url?.startsWith('/relocation/v1/state') !== true) return false;
      const end = res.end.bind(res);
      res.end = ((text = '') => end(text.replace('"count":1', '"count":2'))) as typeof res.end;
      return false;
    };
    const { findings } = await checkedWith({ first: doubled });
    const told = findings.filter(({ verdict }) => verdict === 'broken');
    expect(told.map(({ rule, mayFollowFrom }) => [rule, mayFollowFrom])).toEqual([
      ['intervals', []],
      ['relays', ['intervals']],
      ['sums', ['intervals']],
    ]);
  },
  LIMIT,
);

describe('the rules', () => {
  const page = readFileSync(new URL('../../docs/application-contract.md', import.meta.url), 'utf8');
  const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const text = page.replaceAll(/\s+/g, ' ');

  it.each(rules)('quote the page: $title', ({ clause }) => {
    expect(text).toContain(clause.words);
    expect(anchors).toContain(clause.anchor);
  });

  it.each(rules)('come after those that they presuppose: $title', ({ id, presupposes = [] }) => {
    const ids = rules.map((rule) => rule.id);
    expect(ids.slice(0, ids.indexOf(id))).toEqual(expect.arrayContaining([...presupposes]));
  });

  it.each(rules)('begin with the shortest way to see them broken: $title', ({ scenarios }) => {
    const lengths = scenarios.map(({ moves }) => moves.length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  });
});
