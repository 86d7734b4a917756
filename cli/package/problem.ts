/** What stands in the way of a package: where, what was expected there and what was seen, and what to do. */
export interface Problem {
  /** Relative to the folder. */
  readonly file: string;
  readonly line: number | null;
  /** The member that is meant, as `start.command`; null: the whole file. */
  readonly member: string | null;
  readonly expected: string;
  readonly seen: string;
  readonly remedy: string;
}

export const sentence = ({ file, line, member, expected, seen, remedy }: Problem): string =>
  `${file}${line === null ? '' : `:${line}`}: ${member === null ? '' : `${member}: `}expected ${expected}, seen ${seen}. ${remedy}`;

/** A value as it was written, shortened. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
