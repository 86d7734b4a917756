import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { takingTurns } from '../../activities/relocation/turns.ts';

describe('whoever wants the same of a peer', () => {
  it('takes turns, and leaves nobody behind who listens to his step', async () => {
    const [turns, told] = [takingTurns(), [] as string[]];
    const steps = ['first', 'second'].map((name) => ({ name, stop: new AbortController() }));
    await Promise.all(
      steps.map(async ({ name, stop }) => {
        await turns('an instance', stop.signal, async () => {
          told.push(`${name} begins`);
          await Promise.resolve();
          told.push(`${name} ends`);
        });
      }),
    );
    expect(told).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
    expect(steps.map(({ stop }) => getEventListeners(stop.signal, 'abort').length)).toEqual([0, 0]);
  });

  it('waits no longer than his step, and begins nothing after it', async () => {
    const [turns, stop] = [takingTurns(), new AbortController()];
    let end = (): void => undefined;
    const first = turns('an instance', new AbortController().signal, async () => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    let begun = false;
    const second = turns('an instance', stop.signal, async () => {
      begun = true;
    });
    stop.abort(new Error('its time is over'));
    await expect(second).rejects.toThrow('its time is over');
    end();
    await first;
    expect(begun).toBe(false);
  });
});
