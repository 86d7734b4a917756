const DEPTH = 32;
/** Keys with which a document could reach into the prototypes of whoever merges it. */
const FORBIDDEN = new Set(['__proto__', 'constructor']);

/** Halves of characters: JSON may escape them, whoever cuts texts makes them, and no path or header can carry them. */
const HALVES = /\p{Cs}/gu;

/**
 * Parses what a peer sent; undefined for nothing. Throws a SyntaxError that quotes nothing of it. `mixed`: it is of many, of
 * whom one must not spoil it for the others: what no document should have is left out.
 */
export function parseJson(bytes: Uint8Array, mixed = false): unknown {
  if (bytes.byteLength === 0) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: !mixed }).decode(bytes));
  } catch {
    throw new SyntaxError('is no JSON');
  }
  return inspected(value, DEPTH, mixed);
}

function inspected(value: unknown, depth: number, mixed: boolean): unknown {
  if (typeof value === 'string') return value.replaceAll(HALVES, '\ufffd');
  if (value === null || typeof value !== 'object') return value;
  if (depth === 0) {
    if (mixed) return null;
    throw new SyntaxError(`is nested deeper than ${DEPTH} levels`);
  }
  const members = value as Record<string, unknown>;
  for (const [key, member] of Object.entries(members)) {
    if (FORBIDDEN.has(key)) {
      if (!mixed) throw new SyntaxError(`has a member ${key}`);
      Reflect.deleteProperty(members, key);
      continue;
    }
    const plain = inspected(member, depth - 1, mixed);
    if (plain !== member) members[key] = plain;
  }
  return value;
}
