import { describe, expect, it } from 'vitest';
import { exploreTakeover, type Outcome, type Takeover } from './takeover.explorer.ts';

function explored(takeover: Takeover): Outcome {
  const outcome = exploreTakeover(takeover);
  process.stdout.write(`${expect.getState().currentTestName}: ${outcome.states} states\n`);
  if (outcome.violation !== null && process.env['TELL'])
    process.stdout.write(`${outcome.violation.what}\n  ${outcome.violation.after.join('\n  ')}\n`);
  return outcome;
}

const stopped = { users: 'u', leadsTo: 'B', source: 'stopped' } as const;
const cutOff = { users: 'u', leadsTo: 'B', source: 'cutOff' } as const;

describe('in every interleaving of a takeover with a relocation under way, nobody writes twice and nothing that T has is lost', () => {
  it.each<[string, Takeover]>([
    ['one user, who was on his way to T; the source is stopped', { ...stopped, leadsTo: 'T' }],
    ['one user, who was on his way to T; the source returns', { ...cutOff, leadsTo: 'T' }],
    ['one user, who was on his way to another; the source is stopped', stopped],
    ['one user, who was on his way to another; the source returns', cutOff],
    ['everybody, on the way to T; the source is stopped', { ...stopped, users: '*', leadsTo: 'T' }],
    ['everybody, on the way to T; the source returns', { ...cutOff, users: '*', leadsTo: 'T' }],
    ['everybody, on the way to another; the source is stopped', { ...stopped, users: '*' }],
    ['everybody, while one was on his way to a third', { ...stopped, users: '*', leadsTo: 'V' }],
  ])('of %s', (_, takeover) => {
    expect(explored(takeover)).toMatchObject({ violation: null, stuck: 0, states: expect.any(Number) });
  });
});

describe('a takeover goes wrong without', () => {
  const broken = (takeover: Takeover): string | undefined => explored(takeover).violation?.what;

  it('superseding every other instance first', () => {
    expect(broken({ ...stopped, others: 'never' })).toBe('two writers: T and B');
  });
  it('sparing those that serve', () => {
    expect(broken({ ...stopped, spared: false })).toBe('a write that B acknowledged is lost');
  });
  it('an epoch that leaves behind whatever the source can have proposed', () => {
    expect(broken({ ...stopped, others: 'returning', spared: false, epoch: 2 })).toMatch(/refuses the fence|lost/);
  });
  it('burying what was promised and prepared', () => {
    expect(broken({ ...cutOff, leadsTo: 'T', rules: { buries: false } })).toMatch(
      /T acknowledged is lost|T has stopped/,
    );
    expect(broken({ ...cutOff, rules: { buries: false, fences: false } })).toBe('two writers: T and B');
  });
  it('a fence against what is older, also of users whom the instance does not list', () => {
    expect(broken({ ...cutOff, users: '*', rules: { fences: false } })).toMatch(/two writers|lost|stopped/);
  });
  it('telling the one that takes over whom others keep', () => {
    expect(broken({ ...stopped, users: '*', leadsTo: 'V', told: false })).toMatch(/two writers/);
  });
  it('fencing the source when it comes back', () => {
    const ignored = explored({ ...cutOff, leadsTo: 'T', returning: 'ignored' });
    expect(ignored.violation).toBeNull(); // one is waited for, for ever
    expect(ignored.stuck).toBeGreaterThan(0);
  });
  it('taking from it whom it serves', () => {
    expect(broken({ ...cutOff, leadsTo: 'T', returning: 'spared' })).toBe('S refuses the fence');
  });
});
