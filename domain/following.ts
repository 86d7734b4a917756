/** When the application of a device that wanders goes after it (GR MEC 035, 5.3.1, 5.4.1). Pure: the caller brings the time. */

export interface Damping {
  /** So long the device has to have been in a network. */
  readonly staySeconds: number;
  /** So long nothing follows after a move; longer where the device keeps moving. */
  readonly holdSeconds: number;
  readonly perHour: number;
}

/** Where the device is. `happenedAt`: by the clock of who tells it, in ms; null: as it was seen just now. */
export interface Sighting {
  /** The access network; null: none that is known. */
  readonly network: string | null;
  readonly happenedAt: number | null;
}

/** What is known of the device, and of what was done for it. Instants in ms. JSON: it outlives a run. */
export interface Following extends Sighting {
  /** Since when it is there, by our clock. */
  readonly since: number;
  /** The network from whose devices' view its users are served where they should be. */
  readonly served: string | null;
  readonly holdMs: number;
  readonly heldUntil: number;
  /** Looks at this network that led to nothing, and when the next one is due. */
  readonly looks: number;
  readonly lookAt: number;
  /** When moves of the last hour were begun. */
  readonly begun: readonly number[];
  /** All that were begun, anchors among them. */
  readonly moves: number;
  /** Of the next look. */
  readonly nth: number;
}

/** What became of one look, and of the move that it began. `anchor`: that leads its device by then, by its id. */
export type Followed = Became & { readonly anchor?: string | null };
type Became =
  /** `relocation`: the move that brought its users to this site; null: they are served there already. */
  | {
      readonly did: 'serves';
      readonly network: string;
      readonly site: string;
      readonly relocation: string | null;
      /** This look has had the device led there. */
      readonly anchored?: true;
    }
  /** The device is in another network by now. */
  | { readonly did: 'elsewhere'; readonly network: string | null }
  | { readonly did: 'cannot'; readonly network: string; readonly why: string; readonly relocation: string | null };

const HOUR_MS = 3_600_000;
/** The longest hold, and the longest time between two looks. */
const LONGEST_MS = 900_000;

export const beginning = (now: number): Following => ({
  network: null,
  happenedAt: null,
  since: now,
  served: null,
  holdMs: 0,
  heldUntil: 0,
  looks: 0,
  lookAt: 0,
  begun: [],
  moves: 0,
  nth: 0,
});

/** Told twice it is the same; told late, when something newer is known, it is nothing. */
export function heard(before: Following, { network, happenedAt }: Sighting, now: number): Following {
  const isLate = happenedAt !== null && before.happenedAt !== null && happenedAt < before.happenedAt;
  if (isLate) return before;
  const known = { ...before, happenedAt: happenedAt ?? before.happenedAt };
  return network === before.network ? known : { ...known, network, since: now, looks: 0, lookAt: 0 };
}

/** When it is to be looked whether its users can be served nearer; null: there is no reason to. */
export function dueAt(following: Following, { staySeconds, perHour }: Damping): number | null {
  const { network, served, since, heldUntil, lookAt, begun } = following;
  if (network === null || network === served) return null;
  const oldest = begun.at(-perHour);
  return Math.max(since + staySeconds * 1_000, heldUntil, lookAt, oldest === undefined ? 0 : oldest + HOUR_MS);
}

/** A look that began at `begunAt` is over. What was heard meanwhile is known by now. */
export function after(
  { nth, ...last }: Following,
  outcome: Followed,
  { holdSeconds }: Damping,
  { begunAt, now }: { readonly begunAt: number; readonly now: number },
): Following {
  const before = { ...last, nth: nth + 1 };
  if (outcome.did === 'elsewhere') return heard(before, { network: outcome.network, happenedAt: null }, now);
  const least = holdSeconds * 1_000;
  const served = outcome.did === 'serves' ? outcome.network : before.served;
  const again =
    outcome.did === 'cannot' && outcome.network === before.network
      ? { looks: before.looks + 1, lookAt: now + Math.min(least * 2 ** before.looks, LONGEST_MS) }
      : {};
  const known = { ...before, served, ...again };
  const anchored = outcome.did === 'serves' && outcome.anchored === true;
  if (outcome.relocation === null && !anchored) return known;
  // One that came as soon as it was let is one of a device that keeps moving
  const keepsMoving = before.moves > 0 && begunAt - before.heldUntil < least / 2;
  const holdMs = keepsMoving ? Math.min(before.holdMs * 2, Math.max(LONGEST_MS, least)) : least;
  return {
    ...known,
    holdMs,
    heldUntil: now + holdMs,
    begun: [...before.begun.filter((at) => at > now - HOUR_MS), begunAt],
    moves: before.moves + 1,
  };
}

/** Of a site that came into question, as placements tell it. */
interface Candidate {
  readonly site: string;
  readonly near: boolean | null;
  readonly present: boolean;
  readonly possible: boolean;
  readonly obstacles: readonly { readonly failure: string; readonly where: string; readonly detail: string }[];
}

/** It cannot be there, and nothing of that passes by itself: a service is missing, or it may not be moved. */
const STAYS: readonly string[] = ['ServiceMissing', 'MobilityNotAllowed', 'ContractMissing'];

export type Way =
  | { readonly to: 'stay'; readonly site: string }
  | { readonly to: 'go'; readonly from: string; readonly site: string }
  /** Its device may be led to where it is. */
  | { readonly to: 'anchor'; readonly from: string; readonly why: string }
  | { readonly to: 'nowhere'; readonly why: string };

/** `found`: the best one first. Who is served by a site of this network stays there, whatever other sites promise. */
export function wayTo(found: readonly Candidate[], network: string): Way {
  const present = found.find((one) => one.present);
  if (present === undefined) return { to: 'nowhere', why: 'no site serves these users' };
  if (present.near === true) return { to: 'stay', site: present.site };
  const near = found.filter((one) => one.near === true);
  const best = near.find(({ possible }) => possible);
  if (best !== undefined) return { to: 'go', from: present.site, site: best.site };
  const why = near.flatMap(({ site, obstacles }) => obstacles.slice(0, 1).map(({ detail }) => `${site}: ${detail}`));
  const told = why.join('; ') || `none of these sites serves ${network}`;
  const stays = near.some(
    ({ obstacles }) => obstacles.length > 0 && obstacles.every(({ failure }) => STAYS.includes(failure)),
  );
  return stays ? { to: 'anchor', from: present.site, why: told } : { to: 'nowhere', why: told };
}
