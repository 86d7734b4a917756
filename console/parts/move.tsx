import type { ComponentChildren } from 'preact';
import type { Relocation } from '../../api/resources.ts';
import { standing, toneOf, wayOf } from '../words.ts';

interface Props {
  readonly move: Relocation;
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
  /** What the list that it stands in tells of it besides. */
  readonly children: ComponentChildren;
}

/** A move as it stands in a list, to be chosen. */
export function Move({ move, chosen, choose, children }: Props) {
  return (
    <li>
      <button
        type="button"
        class={toneOf(move)}
        aria-current={move.id === chosen ? 'true' : undefined}
        onClick={() => choose(move.id)}
      >
        <b title={wayOf(move)}>{wayOf(move)}</b>
        <span class="badge">{standing(move)}</span>
        {children}
      </button>
    </li>
  );
}
