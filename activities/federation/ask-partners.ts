import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import type { Asked, Discovery, Query, Via } from '../../domain/wish.ts';
import { failure } from '../failure.ts';
import type { FindingMeans, QueryAsked } from './finding.ts';
import type { Partner } from './ports.ts';
import type { Askable, PlatformsFound, Question, SystemsFound } from './questions.ts';
import { step } from './step.ts';
import { within } from '../within.ts';

interface Answer extends Asked {
  readonly complete: boolean;
  readonly validSeconds: number;
}

export const asking = ({ findings, partner: known, wake, uuidOf, operator, pace }: FindingMeans) => {
  const via: Via = { origin: operator, visited: [operator], hops: pace.hops, patienceMs: pace.askMs };

  const ask = async (askable: Askable, { query, digest }: QueryAsked, signal: AbortSignal): Promise<Answer> => {
    const partner = known(askable.partner);
    const unheard = { partner: askable.partner, found: 0, complete: false, validSeconds: 0 };
    if (partner === undefined) return { ...unheard, said: 'silent' };
    const question = { message: messageTo(askable, uuidOf), via };
    try {
      const answer = await put(partner, askable, { ...question, query }, within(signal, pace.askMs));
      const { complete, validSeconds } = answer;
      const found = await findings.learned(askable, digest, answer);
      await findings.note(askable, { ...question, query }, 'answered');
      return { partner: askable.partner, said: 'answered', found, complete, validSeconds };
    } catch (error) {
      signal.throwIfAborted();
      const said = saidBy(error);
      await findings.note(askable, { ...question, query }, said);
      if (said === 'refused') await wake(askable.partner).catch(() => undefined); // it may have suspended or ended it
      return { ...unheard, said };
    }
  };

  return {
    /**
     * 3 (6.3.2, 6.4.3, 6.5.3 steps 8 to 10): partners are asked at once, each for `askMs` at most; what they answer goes into the
     * catalogue. A partner that does not answer makes the answer partial, and fails nothing. Nothing to undo: asked again it is
     * the same message.
     */
    askPartners: async ({ query, digest }: QueryAsked): Promise<Discovery> =>
      await step(async (signal) => {
        const begun = performance.now();
        const since = await findings.now();
        const askable = (await findings.askable()).filter(({ partner }) => known(partner)?.extended === true);
        const chosen = askable.slice(0, pace.fanOut);
        if (chosen.length < askable.length) await findings.asking(chosen);
        const answers = await Promise.all(chosen.map(async (each) => await ask(each, { query, digest }, signal)));
        const found = await findings.count(query, digest);
        const complete = chosen.length === askable.length && answers.every((answer) => answer.complete);
        // What was learned first must hold for as long as the answer does
        const spent = Math.ceil((performance.now() - begun) / 1_000);
        const valid = Math.min(pace.validSeconds, ...answers.map(({ validSeconds }) => validSeconds)) - spent;
        const seconds = found > 0 && complete ? Math.max(1, valid) : pace.missSeconds;
        await findings.answered(digest, { complete, seconds, since });
        return {
          found,
          complete,
          asked: answers.map(({ partner, said, found: told }) => ({ partner, said, found: told })),
        };
      }),
  };
};

async function put(
  partner: Partner,
  { context }: Askable,
  { query, ...question }: Question & { readonly query: Query },
  signal: AbortSignal,
): Promise<SystemsFound | PlatformsFound> {
  const answer =
    query.find === 'systems'
      ? await partner.findSystems(context, { ...question, by: query.by }, signal)
      : await partner.findPlatforms(context, { ...question, wish: query.wish }, signal);
  if (answer === 'gone') throw failure('NotFederated', `${partner.name} knows no such agreement any more`);
  return answer;
}

/** One message for each partner, the same in each attempt; another for each, so that they cannot compare what they are asked. */
function messageTo({ agreement }: Askable, uuidOf: (text: string) => string): string {
  const { workflowExecution, activityId } = Context.current().info;
  return uuidOf(`${workflowExecution?.runId ?? ''} ${activityId} ${agreement}`);
}

const REFUSALS: readonly unknown[] = ['FederationSuspended', 'NotFederated', 'PeerRejected'];

/** Whatever else went wrong on the way: no answer that could be used was there in time. Ours is thrown. */
function saidBy(error: unknown): 'refused' | 'silent' {
  if (error instanceof ApplicationFailure && !(error instanceof CancelledFailure))
    return REFUSALS.includes(error.type) ? 'refused' : 'silent';
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'silent';
  throw error;
}
