/** A string of a JSON text: where it stands, what it says, and of which member it is the value. */
export interface Found {
  readonly from: number;
  readonly to: number;
  readonly value: string;
  readonly member: string | undefined;
}

/**
 * A JSON text with other strings in it, names of members included, and all else as it stood: numbers of any length, blanks,
 * order, doubles.
 */
export function retold(text: string, strings: readonly Found[], tell: (value: string) => string): string {
  let [told, at] = ['', 0];
  for (const { from, to, value } of strings) {
    const other = tell(value);
    if (other === value) continue;
    told += `${text.slice(at, from)}${JSON.stringify(other)}`;
    at = to;
  }
  return told + text.slice(at);
}

/** In their order. Throws a SyntaxError for what is no JSON. */
export function stringsOf(text: string): readonly Found[] {
  JSON.parse(text);
  const found: Found[] = [];
  let member: { readonly name: string; readonly end: number } | undefined;
  for (let from = text.indexOf('"'); from >= 0; ) {
    const to = endOf(text, from);
    const value = valueAt(text, from, to);
    const isValue = member !== undefined && text.slice(member.end, from).trim() === '';
    found.push({ from, to, value, member: isValue ? member?.name : undefined });
    const colon = /\s*:/y;
    colon.lastIndex = to;
    member = colon.test(text) ? { name: value, end: colon.lastIndex } : undefined;
    from = text.indexOf('"', to);
  }
  return found;
}

/** Behind the quote that closes it: one that no backslash, or an even number of them, stands before. */
function endOf(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1); ; quote = text.indexOf('"', quote + 1)) {
    let before = quote;
    while (text[before - 1] === '\\') before -= 1;
    if ((quote - before) % 2 === 0) return quote + 1;
  }
}

function valueAt(text: string, from: number, to: number): string {
  const raw = text.slice(from + 1, to - 1);
  return raw.includes('\\') ? (JSON.parse(text.slice(from, to)) as string) : raw;
}
