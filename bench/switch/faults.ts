export type Site = 'cloud' | 'a1' | 'a2' | 'w1';

export interface Leg {
  readonly source: Site;
  readonly target: Site;
}

/** What goes wrong, as the sandbox is told it (sandbox/README.md, Faults). */
interface Fault {
  readonly peer: string;
  readonly operation: string;
  readonly kind: string;
  readonly [member: string]: string | number;
}

export interface Injected {
  readonly what: string;
  readonly fault: Fault;
}

const meoOf = (site: Site): string => (site === 'w1' ? 'meo-wifi' : 'meo-cellular');
const INSTANCES = '/app_lcm/v1/app_instances';
const order = { peer: 'oss', operation: 'POST /tmf-api/serviceOrdering/v4/serviceOrder' };

const creation = ({ target }: Leg) =>
  target === 'cloud' ? order : { peer: meoOf(target), operation: `POST ${INSTANCES}` };
const start = ({ target }: Leg) =>
  target === 'cloud' ? order : { peer: meoOf(target), operation: `POST ${INSTANCES}/*/instantiate` };
const retirement = ({ source }: Leg) =>
  source === 'cloud' ? order : { peer: meoOf(source), operation: `POST ${INSTANCES}/*/terminate` };
/** A cloud leads nobody: the platform that is left does. */
const rule = ({ source, target }: Leg) => ({
  peer: `platform-${target === 'cloud' ? source : target}`,
  operation: 'PUT /mec_app_support/v1/applications/*/traffic_rules/*',
});
const notice = () => ({ peer: 'lcm-proxy', operation: 'POST /notifications/address_change' });
const promise = ({ source }: Leg) =>
  source === 'cloud'
    ? { peer: 'cloud-manager', operation: 'GET /cloud/v1/instances' }
    : { peer: meoOf(source), operation: `GET ${INSTANCES}` };

const once = { times: 1 };
const broken = { ...once, kind: 'reset' };
const unheard = { ...once, kind: 'answerLost', as: 'reset' };
const late = { ...once, kind: 'answerLost', as: '504' };
const refused = { ...once, kind: 'status', status: 503 };
const slow = { ...once, kind: 'latency', ms: 500 };

/** Every one is got over: by a second look, or a second attempt. */
const injected: readonly (readonly [
  string,
  (leg: Leg) => { peer: string; operation: string },
  Omit<Fault, 'peer' | 'operation'> & { kind: string },
])[] = [
  ['a rule is written, and the answer is lost', rule, unheard],
  ['the target is created, and a gateway gives up', creation, late],
  ['the connection breaks before a rule is written', rule, broken],
  ['the target is slow to be started', start, slow],
  ['the source is not listed for a moment', promise, refused],
  ['devices are told, and the answer is lost', notice, unheard],
  ['the source is retired, and the answer is lost', retirement, unheard],
  ['the creation is refused for a moment', creation, refused],
  ['a rule is refused for a moment', rule, refused],
];

export const faultKinds = injected.length;

/** Of the n-th relocation: in turn, and so that each leg of a route of four meets each of them. */
export function faultOf(n: number, leg: Leg): Injected {
  const [what, where, how] = injected[n % injected.length] as (typeof injected)[number];
  return { what, fault: { ...where(leg), ...how } };
}
