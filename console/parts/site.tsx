import { useState } from 'preact/hooks';
import type { ApplicationSeen } from '../../api/resources.ts';
import { awayOf } from '../../domain/peer-seen.ts';
import type { Peers, Site } from '../known/known.ts';
import { users } from '../words.ts';
import type { Taken } from './map.tsx';

type Instance = ApplicationSeen['sites'][number]['instances'][number];

/** An application at a site. */
export interface Tenant {
  readonly application: string;
  readonly detail: string | null;
  readonly instances: readonly Instance[];
}

interface Props {
  readonly site: Site;
  readonly tenants: readonly Tenant[];
  readonly taken: Taken | null;
  /** A plan leads here. */
  readonly wished: boolean;
  /** Why nothing is moved here; undefined: something may be. */
  readonly closed: string | undefined;
  readonly peers: Peers;
  readonly take: (taken: Taken | null) => void;
  readonly drop: (site: string) => void;
  readonly enter: (site: string) => void;
}

export function SiteBox({ site, peers, tenants, taken, wished, closed, take, drop, enter }: Props) {
  const { name, kind } = site;
  /** A cloud stands in no system, whose heading would be between. */
  const Heading = kind === 'cloud' ? 'h3' : 'h4';
  const [over, setOver] = useState(false);
  const away = awayOf([...new Set(Object.values(site.peers))], peers);
  const takes = taken !== null && taken.source !== name;
  return (
    <div
      class={`site ${kind} ${takes ? 'takes' : ''} ${over && takes ? 'over' : ''} ${wished ? 'wished' : ''} ${closed === undefined ? '' : 'shut'}`}
      data-site={name}
      onDragOver={(event) => {
        if (!takes) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        drop(name);
      }}
    >
      <Heading class="name" title={name}>
        <button type="button" disabled={taken !== null} aria-label={`Site ${name}`} onClick={() => enter(name)}>
          {name}
        </button>
      </Heading>
      {closed !== undefined && (
        <p class="closed" title={closed}>
          {closed}
        </p>
      )}
      {away.length > 0 && (
        <p class="away" title={away.map((peer) => peers[peer]?.lastFailure?.what ?? '').join('\n')}>
          {away.join(', ')} {away.length === 1 ? 'does' : 'do'} not answer
        </p>
      )}
      <ul>
        {tenants.map((tenant) => (
          <li key={tenant.application}>
            <Chip tenant={tenant} site={name} taken={taken} take={take} />
          </li>
        ))}
      </ul>
      {takes && (
        <button
          type="button"
          class="here"
          aria-label={`Move ${taken.application} to ${name}`}
          onClick={() => drop(name)}
        />
      )}
    </div>
  );
}

interface ChipProps extends Pick<Props, 'taken' | 'take'> {
  readonly tenant: Tenant;
  readonly site: string;
}

/** What serves somebody can be taken up, and moved. */
function Chip({ tenant: { application, detail, instances }, site, taken, take }: ChipProps) {
  const serving = instances.filter(({ serves }) => serves === 'all' || serves === 'some');
  const count = serving.reduce((sum, one) => sum + one.users, 0);
  if (serving.length === 0) {
    const why = detail ?? instances.map((one) => one.detail ?? one.state).join(', ');
    return (
      <span class="chip idle" title={why}>
        <span>{application}</span>
        <small>{detail === null ? instances.map(standingOf).join(', ') : 'not known'}</small>
      </span>
    );
  }
  const mine = taken?.application === application && taken.source === site;
  const up = { application, source: site };
  return (
    <button
      type="button"
      class="chip serves"
      draggable
      aria-pressed={mine}
      aria-label={`${application} ${users(count)}, at ${site}: move`}
      title={`${application}: ${users(count)}${serving.some(({ serves }) => serves === 'all') ? ', and who comes' : ''}`}
      onClick={() => take(mine ? null : up)}
      onDragStart={(event) => {
        event.dataTransfer?.setData('text/plain', application);
        if (event.dataTransfer !== null) event.dataTransfer.effectAllowed = 'move';
        // What is dragged is drawn before the page changes under it
        window.setTimeout(() => take(up));
      }}
      onDragEnd={() => take(null)}
    >
      <span>{application}</span>{' '}
      <small>
        {count} <i>{count === 1 ? 'user' : 'users'}</i>
      </small>
    </button>
  );
}

const standingOf = ({ state, serves }: Instance): string =>
  state === 'notInstantiated' ? 'not running' : state === 'started' && serves === 'nobody' ? 'standby' : state;
