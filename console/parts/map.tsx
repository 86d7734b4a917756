import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Evacuation } from '../../api/evacuation.ts';
import type { Hold } from '../../api/hold.ts';
import type { ApplicationSeen, Relocation } from '../../api/resources.ts';
import type { Picture, Site } from '../known/known.ts';
import { Arcs } from './arcs.tsx';
import { bearing, nearest } from './bearing.ts';
import { Led } from './led.tsx';
import { Partners } from './partners.tsx';
import type { Wish } from './planner.tsx';
import { Said } from './said.tsx';
import { SiteBox, type Tenant } from './site.tsx';

interface Props {
  readonly picture: Picture;
  readonly moves: readonly Relocation[];
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
  /** Whose plan is shown. */
  readonly wish: Wish | null;
  readonly plan: (wish: Wish) => void;
  /** What can be said of a site is shown. */
  readonly enter: (site: string) => void;
}

/** An application that was taken up, and from where. */
export interface Taken {
  readonly application: string;
  readonly source: string;
}

/** Sites in their systems and access networks, what runs there, and what moves between them. */
export function NetworkMap({ picture, moves, chosen, choose, wish, plan, enter }: Props) {
  const [taken, take] = useState<Taken | null>(null);
  const ground = useRef<HTMLDivElement>(null);
  const { sites, peers, applications, unplaced, partners, holds } = picture;
  const emptying = [...picture.evacuations.values()].filter((one) => isRunning(one) && one.returns === null);
  const emptied = new Set(emptying.map(({ request }) => request.site));
  const running = moves.filter(({ endedAt }) => endedAt === null);
  useLayoutEffect(() => {
    if (taken === null) return undefined;
    const leave = ({ key }: KeyboardEvent): void => void (key === 'Escape' && letGo());
    window.addEventListener('keydown', leave);
    return () => window.removeEventListener('keydown', leave);
  }, [taken]);

  /** Whoever is at a site that offers itself no longer would be nowhere: at what was taken up. */
  const letGo = (): void => {
    ground.current?.querySelector<HTMLElement>('[aria-pressed=true]')?.focus({ preventScroll: true });
    take(null);
  };
  const drop = (target: string): void => {
    letGo();
    if (taken !== null && taken.source !== target) plan({ ...taken, target });
  };
  const tenants = tenantsBySite(applications);
  const box = (site: Site) => (
    <SiteBox
      key={site.name}
      site={site}
      peers={peers}
      tenants={tenants.get(site.name) ?? []}
      taken={taken}
      wished={wish?.target === site.name}
      closed={emptied.has(site.name) ? 'is being emptied' : closedBy(holds.get(site.name))}
      take={take}
      drop={drop}
      enter={enter}
    />
  );
  return (
    <section
      class={`map ${taken === null ? '' : 'taking'} ${(sites?.length ?? 0) > 40 ? 'dense' : ''}`}
      aria-label="Network"
    >
      <a class="skip" href="#details" onClick={past}>
        Past the network, to what moves
      </a>
      <p class="hint" role="status">
        {taken === null ? '' : `${taken.application} of ${taken.source}: choose a site, or Escape`}
      </p>
      {unplaced !== null && <Said problem={unplaced} />}
      <div class="ground" ref={ground} onKeyDown={(event) => walk(event, ground.current)}>
        {sites === null && <p class="empty">Looking for sites …</p>}
        {sites?.length === 0 && <p class="empty">The configuration names no site.</p>}
        {sites !== null && (
          <div class="land">
            {groupsOf(sites).map(({ name, kind, systems }) => (
              <section key={`${kind} ${name}`} class={`region ${kind}`} aria-label={`${kind} ${name}`}>
                <h2>
                  {name} {kind === 'network' && <small>access network</small>}
                </h2>
                {kind === 'network' && <Led network={name} applications={applications.values()} />}
                <div class="systems">
                  {systems.map(({ system, members }) => (
                    <section
                      key={system}
                      class="system"
                      aria-label={system === '' ? undefined : `MEC system ${system}`}
                    >
                      {system !== '' && (
                        <h3>
                          {system} <small>MEC system</small>
                        </h3>
                      )}
                      <div class="sites">{members.map(box)}</div>
                    </section>
                  ))}
                </div>
              </section>
            ))}
          </div>
        )}
        {partners.size > 0 && <Partners partners={[...partners.values()]} />}
        <Arcs ground={ground} moves={running} chosen={chosen} choose={choose} wish={wish} sites={sites?.length ?? 0} />
      </div>
    </section>
  );
}

/** As the link would, and leaves the address as it is. */
function past(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('details')?.focus();
}

const isRunning = ({ endedAt }: Evacuation): boolean => endedAt === null;

/** Why nothing is moved there; undefined: something may be. */
const closedBy = (hold: Hold | undefined): string | undefined =>
  hold === undefined ? undefined : hold.why === '' ? 'held' : `held: ${hold.why}`;

interface Group {
  readonly name: string;
  readonly kind: 'clouds' | 'network';
  readonly systems: readonly { readonly system: string; readonly members: readonly Site[] }[];
}

/** Clouds together, the others by access network and system, in the order of the configuration. */
function groupsOf(sites: readonly Site[]): Group[] {
  const clouds = sites.filter(({ kind }) => kind === 'cloud');
  const hosts = Object.groupBy(
    sites.filter(({ kind }) => kind === 'mecHost'),
    ({ network }) => network ?? '',
  );
  const networks = Object.entries(hosts).map(([name, members = []]): Group => {
    const systems = Object.groupBy(members, ({ system }) => system ?? '');
    return {
      name,
      kind: 'network',
      systems: Object.entries(systems).map(([system, some = []]) => ({ system, members: some })),
    };
  });
  return clouds.length === 0
    ? networks
    : [
        { name: clouds.length === 1 ? 'Cloud' : 'Clouds', kind: 'clouds', systems: [{ system: '', members: clouds }] },
        ...networks,
      ];
}

/** What has an instance at each site; those first that serve somebody. */
function tenantsBySite(applications: ReadonlyMap<string, ApplicationSeen>): Map<string, Tenant[]> {
  const found = new Map<string, Tenant[]>();
  for (const { name, sites } of applications.values())
    for (const { site, detail, instances } of sites)
      if (instances.length > 0 || detail !== null)
        found.set(site, [...(found.get(site) ?? []), { application: name, detail, instances }]);
  for (const some of found.values()) some.sort((a, b) => servers(b) - servers(a));
  return found;
}

const servers = ({ instances }: Tenant): number =>
  instances.filter(({ serves }) => serves === 'all' || serves === 'some').length;

/** Arrow keys lead to what lies in that direction. */
function walk(event: KeyboardEvent, ground: HTMLElement | null): void {
  const way = bearing(event.key);
  if (way === undefined || ground === null || !(event.target instanceof HTMLElement)) return;
  const places = [...ground.querySelectorAll<HTMLElement>('button:not(:disabled)')];
  const next = nearest(event.target, places, way);
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
