import { describe, expect, it } from 'vitest';
import type { FindingMeans } from '../../activities/federation/finding.ts';
import { forming } from '../../activities/federation/form-federations.ts';
import { attemptOf } from '../support/attempt.ts';
import { Dying } from '../support/dying.ts';

/** It looks once in a second. */
const LONG = { startToCloseTimeoutMs: 20_000, scheduleToCloseTimeoutMs: 20_000 };

/** Partners that are joined on a miss, and tended from when somebody was woken for them: whoever was wanted before that is joined. */
class Missed {
  readonly wanted = new Set<string>();
  readonly tended = new Set<string>();
  /** Temporal does not answer so often. */
  away = 0;
  woken = 0;

  readonly findings = {
    wantOnMiss: async (partner: string): Promise<void> => void this.wanted.add(partner),
    notUsable: async (partners: readonly string[]): Promise<readonly string[]> =>
      partners.filter((partner) => !this.tended.has(partner)),
  };

  readonly wake = async (partner: string): Promise<void> => {
    this.woken += 1;
    if ((this.away -= 1) >= 0) throw new Error('Temporal does not answer');
    if (this.wanted.has(partner)) this.tended.add(partner);
  };

  async forms(dying?: Dying): Promise<number> {
    const { wake } = dying?.beyond('findings', { wake: this.wake }) ?? this;
    const findings = dying?.beyond('findings', this.findings) ?? this.findings;
    const { formFederations } = forming({ findings, wake } as unknown as FindingMeans);
    const step = dying?.activities({ formFederations }).formFederations ?? formFederations;
    for (let attempt = 1; ; attempt += 1)
      try {
        await attemptOf({ attempt, activityType: 'formFederations', ...LONG }).run(step, { partners: ['b', 'c'] });
        return attempt;
      } catch (error) {
        if ((error as { type?: string }).type !== 'Killed') throw error;
      }
  }
}

describe('partners that are joined on a miss', () => {
  it('are woken until Temporal has heard of each: nobody else tends whom nobody has wanted', async () => {
    const world = new Missed();
    world.away = 3;
    await world.forms();
    expect(world).toMatchObject({ woken: 5, tended: new Set(['b', 'c']) });
  });

  it.each(['before', 'executed'] as const)('are joined where the worker is killed at each call (%s)', async (when) => {
    const [world, dying] = [new Missed(), new Dying(when)];
    await expect(world.forms(dying)).resolves.toBe(4);
    expect(world.tended).toEqual(new Set(['b', 'c']));
    expect(dying.at.map((point) => point.split('.').at(-1))).toEqual(['wantOnMiss', 'wake', 'notUsable']);
  });
});
