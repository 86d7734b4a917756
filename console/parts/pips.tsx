import type { Relocation } from '../../api/resources.ts';
import { stepNames, steps } from '../../domain/steps.ts';
import { stepsDone } from '../words.ts';

/** The nine steps in small. */
export function Pips({ move }: { readonly move: Relocation }) {
  const done = stepsDone(move);
  const now = move.step === null ? '' : `, at ${steps[move.step].title}`;
  return (
    <span class="pips" role="img" aria-label={`${done} of ${stepNames.length} steps done${now}`}>
      {stepNames.map((name, at) => (
        <i key={name} class={at < done ? 'done' : at === done && move.step !== null ? 'now' : ''} />
      ))}
    </span>
  );
}
