import { parseJson } from './json.ts';
import { scrubbed } from './scrubbed.ts';

export { scrubbed };

const LOOKED_AT = 4 * 1024;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** The document that explains a refusal: problem+json or json (RFC 9457), else nothing. */
export function problemDocument(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch {
    return undefined;
  }
}

/** What it says: title and detail; TMF says reason and message; some MEC servers answer plain text. */
export function problemTold(problem: unknown, bytes: Uint8Array, contentType: string): string {
  if (typeof problem === 'object' && problem !== null) {
    const { title, detail, reason, message } = problem as Record<string, unknown>;
    const words = [title ?? reason, detail ?? message].filter((word) => typeof word === 'string' && word !== '');
    return scrubbed(words.join(': '));
  }
  return contentType.startsWith('text/plain') ? scrubbed(text(bytes.subarray(0, LOOKED_AT), contentType)) : '';
}

/** In the character set that it names, where that is known; a last character that was cut off is none. */
function text(bytes: Uint8Array, contentType: string): string {
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([\w.:-]+)/iu.exec(contentType) ?? [];
  try {
    return new TextDecoder(charset).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder().decode(bytes, { stream: true });
  }
}

/** What time it is to a peer, by its own word: its dates are of its clock, which may be hours from ours. */
export function clockOf(date: string | undefined): number {
  const at = Date.parse(date ?? '');
  return Number.isNaN(at) ? Date.now() : at;
}

/** RFC 9110, 10.2.3: seconds or a date. In ms, bounded; undefined: no wish, or one that has passed. `now`: to who says it. */
export function retryAfterMs(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return ms > 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : undefined;
}
