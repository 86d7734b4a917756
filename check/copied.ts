/** What is copied of a user is the application's own: of it we know only whether it is the same. */
export type Copied = readonly unknown[];

/** Where they first differ, and how; null: nowhere. In what order members stand tells nothing. */
export function difference(one: unknown, other: unknown, at = ''): string | null {
  if (!isHolder(one) || !isHolder(other) || Array.isArray(one) !== Array.isArray(other))
    return one === other ? null : `${at || 'it'} was ${short(one)}, is ${short(other)}`;
  const members = new Set([...Object.keys(one), ...Object.keys(other)]);
  for (const member of members) {
    const found = difference(one[member], other[member], at === '' ? member : `${at}.${member}`);
    if (found !== null) return found;
  }
  return null;
}

const isHolder = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const MOST = 40;
function short(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > MOST ? `${text.slice(0, MOST)}...` : text;
}
