import type { Configuration } from '../../configuration/peers.ts';
import { isMoved } from '../../domain/ended.ts';
import type { Outcome } from '../../domain/relocation.ts';
import { HttpRefusal } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import { type CloudsTable, PlaceFound, type Served } from './clouds-table.ts';
import type { Moving, Whereabouts } from './moving.ts';

/** A cloud asks of itself: it is told of places and of its own, and users of another cloud are not its to move. */
export function cloudsHandlers({ sites }: Pick<Configuration, 'sites'>, moving: Moving): Handlers<CloudsTable> {
  const kindOf = (site: string) => (Object.hasOwn(sites, site) ? sites[site]?.kind : undefined);
  const demandCloud = (cloud: string): void => {
    if (kindOf(cloud) !== 'cloud') throw absent('cloud');
  };
  const sitesOf = (zone: string): readonly string[] => {
    const place = moving.places.find((one) => one.zone === zone);
    if (place === undefined) throw absent('zone');
    return place.sites;
  };
  const told = ({ site, move }: Whereabouts, cloud: string): Served => ({
    ...placed(site, cloud, moving),
    move: move === undefined ? null : { ...placed(move.memo.request.target, cloud, moving), ...stateOf(move) },
  });

  return {
    findPlaces: async ({ params: { cloud }, body: { near, kpi, ...subject }, res }) => {
      demandCloud(cloud);
      const found = await moving.found(subject, { ...(near && { near }), ...(kpi && { kpi }) });
      res.json({ places: found.map(({ place, placement }) => PlaceFound.parse({ ...place, ...placement })) });
    },
    showPlace: async ({ params: { cloud, application, users }, res }) => {
      demandCloud(cloud);
      res.json(told(await moving.whereabouts({ application, users }, [cloud]), cloud));
    },
    choosePlace: async ({ params: { cloud, application, users }, body, res }) => {
      demandCloud(cloud);
      const wanted = 'zone' in body ? sitesOf(body.zone) : [cloud];
      const subject = { application, users, ...(body.accept && { accept: body.accept }) };
      const now = await moving.move(subject, wanted, (site) => {
        if (kindOf(site) === 'cloud' && site !== cloud)
          throw new HttpRefusal(403, 'another cloud serves these users', 'Ask for your own.');
      });
      res.status(now.move === undefined ? 200 : 202).json(told(now, cloud));
    },
  };
}

const absent = (what: string): HttpRefusal =>
  new HttpRefusal(404, `there is no such ${what}`, 'Ask which places there are.');

const placed = (site: string, cloud: string, moving: Moving) => ({
  zone: moving.placeOf(site)?.zone ?? null,
  cloud: site === cloud,
});

const stateOf = ({ ended, outcome, startedAt, endedAt }: NonNullable<Whereabouts['move']>) => ({
  state:
    ended === undefined
      ? ('underWay' as const)
      : isMoved(outcome as Outcome)
        ? ('moved' as const)
        : ('notMoved' as const),
  startedAt,
  endedAt,
});
