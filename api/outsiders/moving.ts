import { digest } from '../../configuration/digest.ts';
import { type Place, placesOf } from '../../configuration/places.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { Refusal } from '../../domain/failures.ts';
import { relocationWorkflowId } from '../../domain/identity.ts';
import { MOST_SITES, type Placement, type PlacementRequest } from '../../domain/placement.ts';
import { RelocationRequest } from '../../domain/relocation.ts';
import { demandKnown, directionOf } from '../northbound/direction.ts';
import type { Desk } from '../northbound/face.ts';
import type { Seen } from '../seen.ts';

/** Of the sites of one place: he does not wait for ever. */
const MOST_PORTIONS = 5;

/** Whose application it is about. */
export type Subject = Pick<PlacementRequest, 'application' | 'users' | 'accept'>;

/** Of a place, by the site in it that fits best. */
export interface Found {
  readonly place: Place;
  readonly placement: Placement;
}

/** Where users are: the site that serves them, and the move that takes them away from it, or was the last to try. */
export interface Whereabouts {
  readonly site: string;
  readonly move: Seen | undefined;
}

/** What outsiders ask: which places fit, and to be served in one. They name places; sites are chosen here. */
export class Moving {
  readonly places: readonly Place[];
  readonly #configuration: Configuration;
  readonly #desk: Desk;

  constructor(configuration: Configuration, desk: Desk) {
    this.places = placesOf(configuration);
    this.#configuration = configuration;
    this.#desk = desk;
  }

  /** The best first. */
  async found(subject: Subject, wanted: Pick<PlacementRequest, 'near' | 'kpi'> = {}): Promise<readonly Found[]> {
    const seen = new Set<Place>();
    return (await this.#placements({ ...subject, ...wanted })).flatMap((placement) => {
      const place = this.placeOf(placement.site);
      if (place === undefined || seen.has(place)) return [];
      seen.add(place);
      return [{ place, placement }];
    });
  }

  placeOf(site: string): Place | undefined {
    return this.places.find(({ sites }) => sites.includes(site));
  }

  /**
   * Users are to be served at one of these sites. Nothing is begun for who is there, or on the way there; so whoever has
   * lost the answer asks again. `mayLeave` throws where they are not to be moved from. Throws a Refusal.
   */
  async move(
    subject: Subject,
    sites: readonly string[],
    mayLeave: (site: string) => void = () => undefined,
  ): Promise<Whereabouts> {
    const [first, ...more] = portionsOf(sites);
    const placements = await this.#placements({ ...subject, among: [...(first ?? [])] });
    const site = siteOf(placements);
    mayLeave(site);
    if (sites.includes(site)) return { site, move: undefined };
    let best = bestOf(placements);
    try {
      for (const among of best === undefined ? more : []) {
        best = bestOf(await this.#placements({ ...subject, from: site, among: [...among] }));
        if (best !== undefined) break;
      }
      if (best === undefined) throw new Refusal('NotPossibleNow', 'these users cannot be served there now');
      const request = RelocationRequest.parse({ ...subject, source: site, target: best.site });
      const { seen } = await this.#desk.starter.start(request, directionOf(request, this.#configuration), undefined);
      return { site, move: seen };
    } catch (error) {
      const move = await this.#latest(subject, site);
      if (move === undefined || move.ended !== undefined || !sites.includes(move.memo.request.target)) throw error;
      return { site, move };
    }
  }

  async whereabouts(subject: Subject, among: string[]): Promise<Whereabouts> {
    const site = siteOf(await this.#placements({ ...subject, among }));
    return { site, move: await this.#latest(subject, site) };
  }

  async #latest({ application, users }: Subject, source: string): Promise<Seen | undefined> {
    return await this.#desk.reader.lookAt(relocationWorkflowId({ application, users, source }, digest));
  }

  async #placements(request: PlacementRequest): Promise<readonly Placement[]> {
    demandKnown(request, this.#configuration);
    const { placements } = await this.#desk.procedures.place({ request, pace: this.#configuration.pace });
    return placements;
  }
}

/** As many as one question takes, portion after portion: whoever asks waits until somebody there can take his users. */
function portionsOf(sites: readonly string[]): readonly (readonly string[])[] {
  const many = Math.min(MOST_PORTIONS, Math.ceil(sites.length / MOST_SITES));
  return Array.from({ length: many }, (_, n) => sites.slice(n * MOST_SITES, (n + 1) * MOST_SITES));
}

/** Of those where they are not; the best one comes first. */
const bestOf = (placements: readonly Placement[]): Placement | undefined =>
  placements.find(({ possible, present }) => possible && !present);

function siteOf(placements: readonly Placement[]): string {
  const site = placements.find(({ present }) => present)?.site;
  if (site === undefined) throw new Refusal('NotServing', 'nobody serves these users now');
  return site;
}
