/** Which offer is taken, of those that are as wished for (GR MEC 035, 6.5.3 step 11). Pure. */

export interface Choosable {
  readonly offer: string;
  /** Null: ours. */
  readonly agreement: string | null;
  /** Told by a broker, of somebody else. */
  readonly viaBroker: boolean;
  /** As declared, with the way to the partner; null: unknown, and so the last. */
  readonly achievableMs: number | null;
  /** Of its partner: the higher one first. */
  readonly preference: number;
}

/** Own before partners, direct before by a broker, the quicker one, the preferred partner, and then always the same one. */
export const byChoice = (one: Choosable, other: Choosable): number =>
  Number(one.agreement !== null) - Number(other.agreement !== null) ||
  Number(one.viaBroker) - Number(other.viaBroker) ||
  ascending(one.achievableMs ?? Number.POSITIVE_INFINITY, other.achievableMs ?? Number.POSITIVE_INFINITY) ||
  other.preference - one.preference ||
  ascending(one.offer, other.offer);

const ascending = <T extends number | string>(one: T, other: T): number => (one < other ? -1 : one > other ? 1 : 0);

/** The first of those that have not been tried. */
export const choose = <T extends Choosable>(all: readonly T[], tried: readonly string[]): T | undefined =>
  all.filter(({ offer }) => !tried.includes(offer)).toSorted(byChoice)[0];
