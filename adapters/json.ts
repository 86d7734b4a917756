const DEPTH = 32;
/** Keys with which a document could reach into the prototypes of whoever merges it. */
const FORBIDDEN = new Set(['__proto__', 'constructor']);

/** Parses what a peer sent; undefined for nothing. Throws a SyntaxError that quotes nothing of it. */
export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new SyntaxError('is no JSON');
  }
  inspect(value, DEPTH);
  return value;
}

function inspect(value: unknown, depth: number): void {
  if (value === null || typeof value !== 'object') return;
  if (depth === 0) throw new SyntaxError(`is nested deeper than ${DEPTH} levels`);
  for (const [key, member] of Object.entries(value)) {
    if (FORBIDDEN.has(key)) throw new SyntaxError(`has a member ${key}`);
    inspect(member, depth - 1);
  }
}
