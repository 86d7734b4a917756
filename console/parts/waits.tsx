import type { WaitingFor } from '../../api/resources.ts';
import { timeOf } from '../words.ts';

/** For whom or what it waits, since when, how often it was tried, when it is again, and of what it failed last. */
export function Waits({ waitingFor }: { readonly waitingFor: WaitingFor | null }) {
  if (waitingFor === null) return null;
  const { what, since, until, attempt, nextAt, lastFailure } = waitingFor;
  return (
    <dl class="waits">
      <dt>waits for</dt>
      <dd>{what}</dd>
      <dt>since</dt>
      <dd>
        {timeOf(since)}
        {until !== null && `, until ${timeOf(until)}`}
      </dd>
      {attempt !== null && attempt > 1 && (
        <>
          <dt>attempt</dt>
          <dd>
            {attempt}
            {nextAt !== null && `, at ${timeOf(nextAt)}`}
          </dd>
        </>
      )}
      {lastFailure !== null && (
        <>
          <dt>last failure</dt>
          <dd class="failure">{lastFailure}</dd>
        </>
      )}
    </dl>
  );
}
