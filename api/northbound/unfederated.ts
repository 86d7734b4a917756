import { Refusal } from '../../domain/failures.ts';
import { HttpRefusal } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import type { NorthboundTable } from './table.ts';

/** What there is to ask of a federation. */
export type OfFederation =
  | 'listSystems'
  | 'listOffers'
  | 'listZones'
  | 'discover'
  | 'showDiscovery'
  | 'listFederations'
  | 'showFederation'
  | 'joinPartner'
  | 'suspendPartner'
  | 'resumePartner'
  | 'leavePartner'
  | 'consume'
  | 'listBindings'
  | 'showBinding'
  | 'releaseBinding';

/** What is asked of a federation where there is none. */
export const nobody = (): HttpRefusal =>
  new HttpRefusal(
    404,
    'this Ferry federates with nobody',
    'Give its configuration a `federation`: docs/federation.md says how.',
  );

const ofNobody = (): never => {
  throw nobody();
};

export const unknownPartner = (partner: string, known: readonly string[] = []): Refusal =>
  new Refusal(
    'UnknownPartner',
    `the configuration names no partner ${partner}; ${known.length === 0 ? 'it names none' : `it names ${known.join(', ')}`}`,
  );

const noPartner = ({ params: { partner } }: { readonly params: { readonly partner: string } }): never => {
  throw unknownPartner(partner);
};

/** The same questions, where nothing of a federation is loaded. */
export const unfederated: Handlers<NorthboundTable, OfFederation> = {
  listSystems: ofNobody,
  listOffers: ofNobody,
  listZones: ofNobody,
  discover: ofNobody,
  showDiscovery: ofNobody,
  listFederations: ({ res }) => void res.json({ federations: [] }),
  showFederation: noPartner,
  joinPartner: noPartner,
  suspendPartner: noPartner,
  resumePartner: noPartner,
  leavePartner: noPartner,
  consume: ofNobody,
  listBindings: ofNobody,
  showBinding: ofNobody,
  releaseBinding: ofNobody,
};
