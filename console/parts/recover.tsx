import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Problem, Relocation } from '../../api/resources.ts';
import { type Acceptance, type Fence, fences, writersTold } from '../../domain/recovery.ts';
import type { Plan } from '../../domain/relocation.ts';
import { post, problemOf } from '../known/ask.ts';
import { fenceWords } from '../words.ts';
import { onEscape } from './escape.ts';
import { Said } from './said.tsx';

interface Props {
  readonly move: Relocation;
  readonly asking: boolean;
  readonly leave: () => void;
  readonly accepted: (accept: Acceptance) => void;
}

/** A source is taken to be dead by a person: what may be lost and who may have written is told before, as the plan says it. */
export function Recover({ move: { request }, asking, leave, accepted }: Props) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [fence, setFence] = useState<Fence>('stopped');
  const [unasked, setUnasked] = useState(false);
  const { application, users, source, target } = request;
  useEffect(() => {
    let left = false;
    const asked = { application, users, source, target, sourceLost: { accept: { lostWrites: true } } };
    post<Plan>('/v1/plans', asked).then(
      (told) => left || setPlan(told),
      (error: unknown) => left || setProblem(problemOf(error)),
    );
    return () => {
      left = true;
    };
  }, [application, users, source, target]);
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus(), []);
  const recovery = plan?.recovery;
  const others = plan?.obstacles.some(({ failure }) => failure === 'OtherUnknown') ?? false;
  return (
    <form
      class="recover"
      aria-label="Recover"
      onSubmit={(event) => {
        event.preventDefault();
        accepted({ lostWrites: true, ...(fence !== 'stopped' && { fence }), ...(unasked && { otherUnknown: true }) });
      }}
      onKeyDown={onEscape(leave)}
    >
      <h3 tabIndex={-1} ref={heading}>
        Take {source} to be dead, and let {target} serve in its place?
      </h3>
      {plan === null && problem === null && (
        <p class="empty" role="status">
          Asking who is there, and what was copied. Nothing is changed …
        </p>
      )}
      {problem !== null && <Said problem={problem} />}
      {plan?.obstacles.map(({ failure, where, detail, remedy }) => (
        <div key={`${failure} ${where} ${detail}`} class="said bad">
          <b>
            {failure} at {where}
          </b>
          <p>{detail}</p>
          <p>{remedy}</p>
        </div>
      ))}
      <dl class="facts">
        <dt>may be lost</dt>
        <dd>{recovery?.mayBeLost ?? 'what the source acknowledged and had not copied'}</dd>
      </dl>
      <fieldset>
        <legend>The weakest fence that will do, and who may have written beside {target}</legend>
        {fences.map((one) => (
          <label key={one} class="check">
            <input type="radio" name="fence" checked={fence === one} onChange={() => setFence(one)} />
            <span>
              <b>{fenceWords[one]}</b>
              <small>{recovery?.mayHaveWritten[one] ?? writersTold[one]}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {others && (
        <label class="check">
          <input
            type="checkbox"
            checked={unasked}
            onChange={({ currentTarget }) => setUnasked(currentTarget.checked)}
          />
          <span>
            <b>Go on without asking the others</b>
            <small>one that serves some of these users would go on writing</small>
          </span>
        </label>
      )}
      <div class="actions">
        <button type="submit" class="sure" disabled={asking} data-action="recover-accepted">
          {asking ? 'Asking …' : 'Recover, and lose that'}
        </button>
        <button type="button" onClick={leave}>
          Leave it
        </button>
      </div>
    </form>
  );
}
