/** What stays legible of a column when the others need room; what comes last is mostly a sentence. */
const [LEAST, LEAST_OF_LAST] = [12, 24];
const GAP = 2;

export interface Column {
  readonly at: number;
  readonly width: number;
}

interface Asked {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly room: number;
  /** Heads of what may be left out, what is missed least first. */
  readonly spare: readonly string[];
}

/**
 * The columns for which a line has room. What is widest is shortened first; then those without a word go, then those that
 * may be spared.
 */
export function columnsFor({ head, rows, room, spare }: Asked): readonly Column[] {
  const all = head.map((name, at) => {
    const width = Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0));
    const least = Math.min(width, Math.max(name.length, at === head.length - 1 ? LEAST_OF_LAST : LEAST));
    return { at, name, width, least };
  });
  const isEmpty = ({ at }: Column): boolean => rows.every((row) => (row[at] ?? '') === '');
  const out = [
    ...all.filter(isEmpty),
    ...spare.flatMap((name) => all.find((one) => one.name === name && !isEmpty(one)) ?? []),
  ];
  let kept = all;
  for (const one of out) {
    if (needed(kept.map(({ least }) => least)) <= room) break;
    kept = kept.filter((other) => other !== one);
  }
  for (let over = needed(kept.map(({ width }) => width)) - room; over > 0; over -= 1) {
    const [widest] = kept.filter(({ width, least }) => width > least).toSorted((a, b) => b.width - a.width);
    if (widest === undefined) break;
    widest.width -= 1;
  }
  // Rather a sentence that is cut than a line without its end
  const last = kept.at(-1);
  if (last !== undefined)
    last.width = Math.max(1, last.width - Math.max(0, needed(kept.map(({ width }) => width)) - room));
  return kept;
}

const needed = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
