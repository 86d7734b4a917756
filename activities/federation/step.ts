import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../failure.ts';
import { Refusal } from '../../domain/failures.ts';
import { alive } from '../waiting.ts';
import type { Wait } from '../ports.ts';
import type { ConsumingMeans } from './consumption.ts';
import type { Agreement, Facts, Partner } from './ports.ts';

export interface FederationMeans {
  readonly facts: Facts;
  /** Undefined: it is not in the configuration any more. */
  readonly partner: (name: string) => Partner | undefined;
  /** Systems are new, changed or gone: wakes whoever tells the orchestrators that have subscribed (MEC 040). Never waits. */
  readonly systemsChanged: () => void;
  readonly pace: { readonly aliveMs: number; readonly insistMs: number };
  /** What is bound with partners; undefined: nothing is. */
  readonly consuming?: ConsumingMeans | undefined;
}

export interface PartnerNamed {
  readonly partner: string;
}

/** Between two signs of life, of a step that takes long. */
const PULSE = { pollMs: 1_000, heartbeatMs: 5_000 };

/** One step: it tells that it is alive, and what the catalogue refuses is told as a failure. */
export async function step<T>(work: (signal: AbortSignal, wait: Wait) => Promise<T>): Promise<T> {
  try {
    return await alive(PULSE, async (wait) => await work(wait.signal, wait));
  } catch (error) {
    throw told(error);
  }
}

const told = (error: unknown): unknown => (error instanceof Refusal ? failure(error.type, error.message) : error);

/** One step of joining: only while our operator wills it, and what went wrong is kept for whoever asks. */
export async function joiningStep(
  { facts, partner: known }: FederationMeans,
  name: string,
  work: (joining: { agreement: Agreement; partner: Partner; at: Date }, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await step(async (signal) => {
    const partner = known(name);
    if (partner === undefined) throw failure('UnknownPartner', `the configuration names no partner ${name}`);
    const { at, uses } = await facts.look(name);
    if (uses.ours !== 'open')
      throw failure('NotFederated', `our operator does not want to use ${name} now (${uses.ours})`);
    const agreement = uses.agreement ?? (await facts.begin(name));
    try {
      await work({ agreement, partner, at }, signal);
    } catch (error) {
      if (isPartners(error, signal)) await facts.problem(agreement, error.message).catch(() => undefined);
      throw error;
    }
  });
}

/**
 * Systems are new, changed, or gone with an agreement: what subscribers are to be told was written with that, and whoever wrote it
 * may have been killed before he woke anybody. So it is looked what there is, and not what was just done.
 */
export async function tellNews({ facts, systemsChanged }: FederationMeans): Promise<void> {
  if (await facts.isNews()) systemsChanged();
}

/** Is it the partner that failed, and not the catalogue, or we? */
export const isPartners = (error: unknown, signal: AbortSignal): error is ApplicationFailure =>
  !signal.aborted && error instanceof ApplicationFailure;

/** What a later step needs: without it the next round begins anew. */
export function contextOf({ context, partner }: Agreement): string {
  if (context === null) throw failure('NotFederated', `${partner} has not given a context yet`);
  return context;
}

export async function endedThere(facts: Facts, agreement: Agreement): Promise<Error> {
  const why = `${agreement.partner} knows no such agreement any more: it ended it, or lost it`;
  await facts.end(agreement, why);
  return failure('NotFederated', why);
}
