import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { Chosen } from '../../activities/federation/choose-offer.ts';
import type { BindingResult, ConsumptionUndo } from '../../domain/binding.ts';
import { chainOf, runNameOf } from '../../domain/identity.ts';
import type { Discovery } from '../../domain/wish.ts';
import { foreseen, type Reason } from '../kit/failure.ts';
import type { ConsumptionOrder } from '../messages.ts';
import { consumingAt } from './consuming-steps.ts';
import { Consumption } from './consumption.ts';
import { findingAt } from './steps.ts';

/** Whoever refuses or cannot be reached is passed over, so often. */
const CANDIDATES = 3;

/**
 * Another operator's service for one of our platforms, settled between federators (GR MEC 035, 6.5.3: solution 5-2). Steps 1 to 5
 * are behind it: it is what the orchestrator asked for. What one candidate refuses is undone before the next one is tried.
 */
export async function consumeServiceFederated({ request, digest, pace }: ConsumptionOrder): Promise<BindingResult> {
  const { system, platform, what, forApplication, where, kpi } = request;
  const wish = { what, ...(forApplication && { forApplication }), ...(where && { where }), ...(kpi && { kpi }) };
  const query = { find: 'platforms', wish } as const;
  const chain = chainOf(workflowInfo());
  const consumption = new Consumption(request);
  const { lookInCatalogue, formFederations, askPartners } = findingAt(pace);
  const { undo, ...step } = consumingAt(pace);
  let asked = false;

  /** 8 to 10. At most once: what was not found then is not there. */
  async function ask(): Promise<void> {
    asked = true;
    const answer: Discovery = await consumption.during('ask', () => askPartners({ query, digest }));
    consumption.asked = answer.asked;
  }

  async function look(): Promise<void> {
    // 6. What is known: own systems, then what partners have told
    const { found, fresh, joinable } = await consumption.during('look', () => lookInCatalogue({ query, digest }));
    if (found > 0) return;

    // 7. Nobody known has it: partners that are joined on a miss
    if (joinable.length > 0) await consumption.during('form', () => formFederations({ partners: joinable }));

    // 8 to 10. The partners, and they their orchestrators
    if (fresh === null) await ask();
    else asked = true;
  }

  /** 11. The best that was not tried; where all that was known refuse, the partners are asked once more. */
  async function choose(tried: readonly string[]): Promise<Chosen> {
    const choice = { wish, system, platform, run: runNameOf(chain), chain, nth: consumption.tried + 1, tried };
    try {
      return await consumption.during('choose', () => step.chooseOffer(choice));
    } catch (error) {
      if (isCancellation(error) || asked || foreseen(error).type !== 'NothingFound') throw error;
      await ask();
      return await consumption.during('choose', () => step.chooseOffer(choice));
    }
  }

  const tried: string[] = [];
  let last: Reason | undefined;
  let at = consumption.step;
  try {
    await look();
    while (consumption.tried < CANDIDATES) {
      const { binding, offer, operator } = await choose(tried);
      consumption.tried += 1;
      consumption.operator = operator;
      tried.push(offer);
      const undos: ConsumptionUndo[] = [];
      try {
        // 12. Our orchestrator, and by it the platform, hear which platform serves them
        undos.push('retractDecision');
        await consumption.during('tell', () => step.tellOrchestrator({ binding }));

        // 13, 14. The partner hears our decision; its orchestrator and platform hear of us
        undos.push('withdrawDecision');
        await consumption.during('announce', () => step.announceDecision({ binding }));

        // 15. The path is seen, and applications find the service at their own platform
        await consumption.during('confirm', () => step.confirmPath({ binding }));
        undos.push('withdrawService');
        await consumption.during('expose', () => step.exposeService({ binding }));
        return consumption.ended(null, 'expose', false);
      } catch (error) {
        last = foreseen(error);
        at = consumption.step;
        const why = `${last.type}: ${last.message}`;
        await goBack(undos.toReversed(), (name) => undo[name]({ binding, why }), consumption);
        if (last.type === 'Cancelled') break;
      }
    }
  } catch (error) {
    const reason = foreseen(error);
    if (consumption.step === 'choose')
      await goBack(['dropChoice'], () => undo.dropChoice({ run: runNameOf(chain) }), consumption);
    // That nobody is left says less than why the last one was not taken
    if (last === undefined || reason.type !== 'NothingFound') [last, at] = [reason, consumption.step];
  }
  return consumption.ended(last ?? null, at, consumption.tried > 0);
}

/** Shielded from a cancellation; one that fails keeps no other from being tried, and is told. */
async function goBack<Name extends string>(
  undos: readonly Name[],
  undo: (name: Name) => Promise<void>,
  consumption: Consumption,
): Promise<void> {
  consumption.undoing();
  await CancellationScope.nonCancellable(async () => {
    for (const name of undos)
      try {
        await undo(name);
      } catch (error) {
        foreseen(error);
        consumption.left(name);
      }
  });
}
