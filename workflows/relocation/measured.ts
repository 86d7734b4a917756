import { metricMeter } from '@temporalio/workflow';
import { metrics } from '../../domain/metrics.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import type { RelocationOrder } from '../messages.ts';

/** Told where a relocation ends, and not when its history is read again: no command, hence no event and no action. */
export function measured(direction: RelocationOrder['direction'], result: RelocationResult): RelocationResult {
  const { outcome, failure, leftovers, durationsMs, totalMs, freezeMs } = result;
  const meter = metricMeter.withTags({ direction });
  const count = ({ name, help }: { name: string; help: string }, tags: Record<string, string>): void =>
    meter.createCounter(name, undefined, help).add(1, tags);
  const seconds = ({ name, help }: { name: string; help: string }, ms: number, tags: Record<string, string>): void =>
    meter.createHistogram(name, 'float', 's', help).record(ms / 1_000, tags);

  count(metrics.ended, { outcome });
  if (failure !== null) count(metrics.failed, { type: failure.type, step: failure.step });
  for (const { undo } of leftovers) count(metrics.leftovers, { undo });
  seconds(metrics.took, totalMs, { outcome });
  for (const [step, ms] of Object.entries(durationsMs)) seconds(metrics.stepTook, ms, { step });
  if (freezeMs !== null) seconds(metrics.freeze, freezeMs, {});
  return result;
}
