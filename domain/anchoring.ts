/** What leads devices there: the network by itself, rules of an instance that is there, or of one that was made for it. */
export const ways = ['network', 'rule', 'holder'] as const;
export type Way = (typeof ways)[number];

/** The five steps, in their order. Each is one activity of that name; clauses are those of ETSI GR MEC 035. */
export const anchorSteps = {
  check: { activity: 'checkAnchor', title: 'check the source, and choose the way', clause: '5.4.1, 5.4.2-6' },
  package: { activity: 'distributePackage', title: 'bring the package to the holder', clause: '5.4.2-2' },
  holder: { activity: 'instantiateTarget', title: 'have an instance whose rules lead there', clause: '5.4.2-6' },
  services: { activity: 'exposeServices', title: 'expose the services of the network', clause: '5.4.2-6' },
  path: { activity: 'turnAnchor', title: 'lead devices to the source', clause: '5.4.2-6' },
} as const;
export type AnchorStep = keyof typeof anchorSteps;

/** The undos: what releases it, too. As long as rules may lead through the holder, the holder lives. */
export const anchorUndos = {
  removeHolder: { title: 'leave the holder as it was found', after: ['turnAnchorBack'] },
  hideServices: { title: 'delete the exposed subscriptions', after: [] },
  turnAnchorBack: { title: 'lead devices there no more', after: [] },
} as const;
export type AnchorUndo = keyof typeof anchorUndos;

/** A relocation that moves the source, and turns the anchor's rules with its own. */
export interface Taking {
  readonly relocation: string;
  readonly target: string;
  /** The instance there. */
  readonly to: string;
  /** What it turns of the holder's rules, sealed; null: nothing. */
  readonly turn: string | null;
}

/** Where an anchor that holds leads, for whoever moves its source. Names only: it stands in the run's memo. */
export interface Standing {
  readonly way: Way;
  /** Led to the holder, which relays. */
  readonly relayed: boolean;
  readonly source: string;
  readonly from: string;
  readonly holder: { readonly site: string; readonly instance: string } | null;
  readonly observed: boolean;
  /** Subscriptions of the source that were made at the network's platform, and those for which it has no service. */
  readonly exposed: number;
  readonly lacking: number;
  readonly under: Omit<Taking, 'turn'> | null;
  /** What could not be brought after the source. */
  readonly trouble: string | null;
  /** Its source serves nobody since then: it is silent, or has forgotten its users. Null, as from an older worker: it serves. */
  readonly silentSince?: string | null;
}

/** An anchor as a relocation finds it; `standing` null: it is being made, or undone before it held. */
export interface AnchorFound {
  readonly users: string;
  readonly network: string;
  /** The site that it was asked for. */
  readonly source: string;
  readonly standing: Standing | null;
}

/** What a relocation of the source has to do about an anchor. */
export type About = 'nothing' | 'wait' | 'refuse' | 'turn';

/**
 * The order of the two: an anchor is there before it looks whether its source has promised these users, a relocation has
 * the promise before it looks for anchors. So one that is being made is seen, or sees. Moved meanwhile, it is not
 * known yet where it leads.
 */
export function aboutAnchor(
  { users, network, source, standing }: AnchorFound,
  moving: {
    readonly users: string;
    readonly source: string;
    readonly from: string;
    readonly relocation: string;
    /** The access network of the target's site; undefined: it has none. */
    readonly towards: string | undefined;
  },
): About {
  // Of whoever leaves alone the source remains, and relays him
  if (moving.users !== '*' && moving.users !== users) return 'nothing';
  if (standing === null) return source === moving.source ? 'wait' : 'nothing';
  const { under, way } = standing;
  if (under !== null && under.relocation !== moving.relocation && under.target === moving.source)
    if (under.to === moving.from) return 'wait';
  if (standing.source !== moving.source || standing.from !== moving.from) return 'nothing';
  return way === 'network' && moving.towards !== network ? 'refuse' : 'turn';
}

/** May an anchor lead to this source? Why not: who has its promise. */
export const promisedElsewhere = ({ promisedTo }: { readonly promisedTo: string | null }): string | null => promisedTo;

/** After its source has moved. Where that is now the holder, the rules there are its own. */
export function moved(standing: Standing, { target, to }: Pick<Taking, 'target' | 'to'>): Standing {
  const home = standing.holder?.site === target && standing.holder.instance === to;
  return {
    ...standing,
    source: target,
    from: to,
    under: null,
    silentSince: null,
    ...(home && { way: 'network', relayed: false }),
  };
}

/** Of the mark of an application, by which relocations know that anchors of it stand, or begin. */
export interface Marking {
  /** One has begun since it began to look. */
  readonly begun: boolean;
}
export const poked: Marking = { begun: true };
export const looking: Marking = { begun: false };
/** May a look that has shown none be believed? */
export const goesOut = ({ begun }: Marking): boolean => !begun;
