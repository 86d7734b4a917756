import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Evacuation } from '../../api/evacuation.ts';
import type { Hold } from '../../api/hold.ts';
import type { Problem } from '../../api/resources.ts';
import { ask, post, problemOf } from '../known/ask.ts';
import type { Peers, Site } from '../known/known.ts';
import { evacuationTone, evacuationWord, timeOf } from '../words.ts';
import { onEscape } from './escape.ts';
import { Said } from './said.tsx';

interface Props {
  readonly site: Site;
  readonly peers: Peers;
  readonly hold: Hold | undefined;
  /** Of this site, and under way. */
  readonly evacuation: Evacuation | undefined;
  readonly leave: () => void;
  readonly held: (hold: Hold) => void;
  readonly reopened: (hold: Hold) => void;
  readonly emptied: (evacuation: Evacuation) => void;
}

/** A site: who is asked for it, and what an operator may say of it. */
export function Place({ site, peers: seen, hold, evacuation, leave, held, reopened, emptied }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [why, setWhy] = useState('');
  const [sure, setSure] = useState(false);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const say = async (work: () => Promise<void>): Promise<void> => {
    setAsking(true);
    setProblem(null);
    await work().catch((error: unknown) => setProblem(problemOf(error)));
    setAsking(false);
    setSure(false);
  };
  const { name, kind, system, network, peers } = site;
  const empty = async (): Promise<void> => emptied(await post<Evacuation>('/v1/evacuations', { site: name }));
  return (
    <section class="card detail place" aria-label="A site">
      <div class="title">
        <h2 tabIndex={-1} ref={heading}>
          {name}
        </h2>
        {hold !== undefined && <span class="badge waits">held</span>}
        {evacuation !== undefined && (
          <span class={`badge ${evacuationTone(evacuation)}`}>{evacuationWord(evacuation)}</span>
        )}
        <button type="button" class="leave" aria-label="Close" onClick={leave}>
          ×
        </button>
      </div>
      <dl class="facts">
        <dt>is</dt>
        <dd>
          {kind === 'cloud'
            ? 'a cloud'
            : `a MEC host of the system ${system ?? '-'}, in the access network ${network ?? '-'}`}
        </dd>
        {Object.entries(peers).map(([part, peer]) => (
          <>
            <dt>{part}</dt>
            <dd>
              {peer} <Health seen={seen[peer]} />
            </dd>
          </>
        ))}
        {hold !== undefined && (
          <>
            <dt>held</dt>
            <dd>
              since {timeOf(hold.since)}: nothing is moved here{hold.why !== '' && `. ${hold.why}`}
            </dd>
          </>
        )}
      </dl>
      {hold === undefined && (
        <label>
          Why
          <input
            type="text"
            value={why}
            maxLength={200}
            placeholder="for whoever wonders later"
            onInput={({ currentTarget }) => setWhy(currentTarget.value)}
          />
        </label>
      )}
      <div class="actions" onKeyDown={onEscape(sure ? () => setSure(false) : null)}>
        {hold === undefined ? (
          <button
            type="button"
            disabled={asking}
            onClick={() => void say(async () => held(await post<Hold>('/v1/holds', { site: name, why })))}
          >
            Hold it
          </button>
        ) : (
          <button
            type="button"
            class="main"
            disabled={asking}
            onClick={() => void say(async () => reopened(await ended(name)))}
          >
            Reopen it
          </button>
        )}
        {kind === 'mecHost' && evacuation === undefined && (
          <button
            type="button"
            class={sure ? 'sure' : ''}
            disabled={asking}
            onClick={() => (sure ? void say(empty) : setSure(true))}
          >
            {sure ? 'Move everything to the hosts beside it?' : 'Empty it'}
          </button>
        )}
        {problem !== null && <Said problem={problem} />}
      </div>
    </section>
  );
}

/** As it was seen by calls; nothing where it was not. */
function Health({ seen }: { readonly seen: Peers[string] | undefined }) {
  if (seen === undefined) return <small>not seen yet</small>;
  const { reachable, since, lastFailure } = seen;
  if (reachable) return <small>answers since {timeOf(since)}</small>;
  return (
    <small class="away">
      has not answered since {timeOf(since)}
      {lastFailure !== null && `: ${lastFailure.what}`}
    </small>
  );
}

const ended = async (site: string): Promise<Hold> =>
  (await (await ask(`/v1/holds/${encodeURIComponent(site)}`, { method: 'DELETE' })).json()) as Hold;
