/**
 * What real peers do, and the published text allows or at least does not forbid (sandbox/README.md,
 * Quirks, tells what each imitates). Harmless: a relocation of the sandbox's application succeeds
 * all the same when its client copes.
 */
export const quirks = {
  retryLater: { harmless: true, at: ['meo', 'platform', 'oss'] },
  strictQuery: { harmless: true, at: ['meo', 'platform'] },
  trailingSlash: { harmless: true, at: ['meo', 'oss'] },
  movedGets: { harmless: true, at: ['meo', 'oss'] },
  notReadyYet: { harmless: true, at: ['platform'] },
  createdUnknown: { harmless: true, at: ['meo'] },
  laggingLists: { harmless: true, at: ['meo', 'platform', 'oss'] },
  activeRulesOnly: { harmless: true, at: ['platform'] },
  otherRules: { harmless: true, at: ['platform'] },
  foreignEntries: { harmless: true, at: ['meo', 'platform', 'oss'] },
  farCallbacks: { harmless: true, at: ['platform'] },
  filledDefaults: { harmless: true, at: ['platform'] },
  capitalNames: { harmless: true, at: ['platform'] },
  maskedAddresses: { harmless: true, at: ['platform'] },
  foreignLinks: { harmless: true, at: ['meo', 'platform'] },
  slashedLinks: { harmless: true, at: ['meo', 'platform'] },
  goneForGood: { harmless: true, at: ['meo', 'platform'] },
  pagedLists: { harmless: true, at: ['meo', 'platform', 'oss'] },
  overlappingPages: { harmless: true, at: ['meo', 'platform', 'oss'] },
  nullLists: { harmless: true, at: ['meo', 'platform', 'oss'] },
  voidLists: { harmless: true, at: ['meo', 'platform', 'oss'] },
  weakTags: { harmless: true, at: ['platform'] },
  bareTags: { harmless: true, at: ['platform'] },
  sha512: { harmless: true, at: ['meo'] },
  gzip: { harmless: true, at: ['meo', 'platform', 'oss', 'lcm-proxy', 'cloud-manager'] },
  localProblems: { harmless: true, at: ['meo', 'platform', 'oss', 'lcm-proxy', 'cloud-manager'] },
  /** The application of the sandbox requires the service. */
  noRadio: { harmless: false, at: ['platform'] },
  radioUnsupported: { harmless: false, at: ['platform'] },
  /** Who never asks for the name again stays with the source. */
  noTrafficRules: { harmless: false, at: ['platform'] },
  /** Whoever has no token of an operator's issuer for it is not heard. (The cloud manager is asked by the OSS as well.) */
  asksWhoCalls: { harmless: false, at: ['meo', 'oss', 'lcm-proxy'] },
  /** Nothing tells where an instance is. */
  noEndpoints: { harmless: false, at: ['meo'] },
} as const satisfies Record<string, { readonly harmless: boolean; readonly at: readonly Kind[] }>;

export type QuirkName = keyof typeof quirks;
type Kind = 'meo' | 'platform' | 'oss' | 'lcm-proxy' | 'cloud-manager';

export const names = Object.keys(quirks) as [QuirkName, ...QuirkName[]];

/** Two ways to be odd in the same place: a peer has one of them. */
const ALTERNATIVES: readonly (readonly [QuirkName, QuirkName])[] = [
  ['trailingSlash', 'movedGets'],
  ['pagedLists', 'overlappingPages'],
  ['nullLists', 'voidLists'],
  ['weakTags', 'bareTags'],
];

/** `platform-a1` is a platform, `oss` an OSS. */
export const canHave = (peer: string, name: QuirkName): boolean =>
  quirks[name].at.some((kind) => peer === kind || peer.startsWith(`${kind}-`));

/**
 * All that this peer can have at once and that does no harm; of two alternatives, peers have either
 * in turn.
 */
export function harmlessAt(peer: string, turn: number): QuirkName[] {
  const other = ALTERNATIVES.map((pair) => pair[turn % 2]);
  return names.filter((name) => quirks[name].harmless && canHave(peer, name) && !other.includes(name));
}
