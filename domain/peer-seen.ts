/** How a peer was seen by whoever called it: it served, or it did not. Only what was seen is said. */
export interface PeerSeen {
  readonly name: string;
  /** When it served last: it answered, be it with a refusal. Null: it was not seen to. */
  readonly servedAt: string | null;
  /** When it did not serve last: no answer, or one that says so (RFC 9110, 15.6). Null: it was not seen so. */
  readonly failedAt: string | null;
  /** Of `failedAt`: a sentence. */
  readonly failure: string | null;
  /** So long it has been seen as it was seen last. */
  readonly since: string;
}

export const isReachable = ({ servedAt, failedAt }: Pick<PeerSeen, 'servedAt' | 'failedAt'>): boolean =>
  failedAt === null || (servedAt !== null && servedAt > failedAt);

/** Of these, who was seen not to serve. */
export const awayOf = (
  peers: readonly string[],
  seen: Readonly<Record<string, { readonly reachable: boolean }>>,
): readonly string[] => peers.filter((name) => seen[name]?.reachable === false);

export const seenAt = ({ servedAt, failedAt }: PeerSeen): string =>
  [servedAt, failedAt].reduce<string>((latest, at) => (at !== null && at > latest ? at : latest), '');

/** What one call of it adds to what was seen before. */
export const seenNow = (name: string, failure: string | null, at: string, before?: PeerSeen): PeerSeen =>
  together(before, {
    name,
    servedAt: failure === null ? at : null,
    failedAt: failure === null ? null : at,
    failure,
    since: at,
  });

/** What two have seen of one peer. */
export function together(one: PeerSeen | undefined, other: PeerSeen): PeerSeen {
  if (one === undefined) return other;
  const [servedAt, failedAt] = [later(one.servedAt, other.servedAt), later(one.failedAt, other.failedAt)];
  const reachable = isReachable({ servedAt, failedAt });
  // Whoever has seen nothing of a change in between does not know since when
  const turned = (reachable ? failedAt : servedAt) ?? '';
  const since = [one, other]
    .filter((seen) => isReachable(seen) === reachable)
    .map((seen) => (seen.since > turned ? seen.since : seenAt(seen)))
    .filter((at) => at > turned)
    .toSorted();
  const { failure } = failedAt === one.failedAt && one.failure !== null ? one : other;
  return { name: one.name, servedAt, failedAt, failure, since: since[0] ?? turned };
}

const later = (one: string | null, other: string | null): string | null =>
  one === null || (other !== null && other > one) ? other : one;
