import { expect, it } from 'vitest';
import { announcing } from '../../activities/federation/announce-decision.ts';
import type { Binding, ConsumingMeans } from '../../activities/federation/consumption.ts';
import { exposing } from '../../activities/federation/expose-service.ts';
import { telling } from '../../activities/federation/tell-orchestrator.ts';
import { failure } from '../../activities/failure.ts';
import { attemptOf } from '../support/attempt.ts';

/** A binding that is open, and peers of which none answers: what was done, in its order. */
function world(): { readonly done: string[]; readonly means: ConsumingMeans } {
  const done: string[] = [];
  const away = (what: string) => async (): Promise<never> => {
    done.push(what);
    throw failure('PeerUnavailable', `${what}: nobody answers`);
  };
  const binding = { id: 'row', name: 'name', system: 's', platform: 'p', told: true, context: 'c', partner: 'b' };
  const means = {
    bindings: {
      close: async () => void done.push('closed'),
      one: async () => binding as unknown as Binding,
    },
    exposure: () => ({ list: away('the platform'), remove: away('the platform') }),
    decisions: { retract: away('the orchestrator') },
    partner: () => ({ withdraw: away('the partner') }),
  };
  return { done, means: means as unknown as ConsumingMeans };
}

it.each([
  ['withdrawService', 'the platform', (means: ConsumingMeans) => exposing(means).withdrawService],
  ['withdrawDecision', 'the partner', (means: ConsumingMeans) => announcing(means).withdrawDecision],
  ['retractDecision', 'the orchestrator', (means: ConsumingMeans) => telling(means).retractDecision],
] as const)('%s closes the binding before it asks: whoever is away keeps nothing open', async (_name, peer, undo) => {
  const { done, means } = world();
  await expect(attemptOf().run(undo(means), { binding: 'row', why: 'test' })).rejects.toThrow('nobody answers');
  expect(done).toEqual(['closed', peer]);
});
