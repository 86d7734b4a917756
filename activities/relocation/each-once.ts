import { ApplicationFailure } from '@temporalio/common';
import { everyAtOnce } from '../../domain/at-once.ts';
import { isFailureType } from '../../domain/failures.ts';
import { failure } from '../failure.ts';
import type { Wait } from '../ports.ts';

/** Ten thousand of them are to be done within a step. */
const AT_ONCE = 32;

/**
 * Does something to each of many, side by side. Every one has its turn, whatever becomes of the others, and what one attempt has
 * done the next one does not do again: `name` is what it keeps it by, as long as the items are the same. Those that failed are
 * told at the end, as one failure. `false`: there was nothing to do, and nothing is kept.
 */
export async function eachOnce(
  wait: Pick<Wait, 'signal' | 'keep' | 'kept' | 'progress'>,
  { name, digest, doing }: { readonly name: string; readonly digest: (text: string) => string; readonly doing: string },
  items: readonly string[],
  work: (item: string, at: number) => Promise<boolean>,
): Promise<void> {
  if (items.length === 0) return;
  const same = digest(items.join('\n'));
  const done = marksIn(wait.kept(name), same, items.length);
  const todo = [...items.keys()].filter((at) => done[at] !== DONE);
  let left = todo.length;
  const told = await everyAtOnce(AT_ONCE, todo, async (at) => {
    wait.signal.throwIfAborted();
    if (!(await work(items[at] ?? '', at))) return;
    done[at] = DONE;
    wait.keep(name, `${same} ${done.toString('latin1')}`);
    left -= 1;
    wait.progress(`${doing}: ${items.length - left} of ${items.length}`);
  });
  wait.signal.throwIfAborted();
  const failed = told.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (failed.length > 0) throw together(failed, items.length, doing);
}

/** One character each: of ten thousand, quickly told with each of them. */
const DONE = '1'.charCodeAt(0);

function marksIn(kept: string | undefined, same: string, length: number): Buffer {
  const [of, marks = ''] = kept?.split(' ') ?? [];
  return Buffer.from(of === same && marks.length === length ? marks : '0'.repeat(length), 'latin1');
}

/** One that is final ends the step, whatever else may pass. */
function together(failed: readonly unknown[], of: number, doing: string): unknown {
  const first = failed.find((each) => each instanceof ApplicationFailure && each.nonRetryable === true) ?? failed[0];
  if (failed.length === 1 || !(first instanceof ApplicationFailure) || !isFailureType(first.type)) return first;
  return failure(first.type, `${doing}: ${failed.length} of ${of} failed; ${first.message}`);
}
