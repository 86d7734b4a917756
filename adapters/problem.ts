import { parseJson } from './json.ts';

const QUOTED = 200;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** A peer's own words, fit for a message that operators and histories keep: short, on one line, without addresses. */
export function scrubbed(text: string): string {
  const plain = text
    .slice(0, 4 * QUOTED)
    .replaceAll(/\p{C}+/gu, ' ')
    .replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]*/giu, '<uri>')
    .replaceAll(/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/gu, '<address>')
    .replaceAll(/(?<![\w:])(?:[0-9a-f]{0,4}:){2,}[0-9a-f:.]*/giu, '<address>')
    .replaceAll(/(?<![\w-])\+?\d{9,15}(?![\w-])/gu, '<number>')
    .replaceAll(/\s+/gu, ' ')
    .trim();
  return plain.length > QUOTED ? `${plain.slice(0, QUOTED)}…` : plain;
}

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
  return contentType.startsWith('text/plain') ? scrubbed(new TextDecoder().decode(bytes.subarray(0, 4 * QUOTED))) : '';
}

/** RFC 9110, 10.2.3: seconds or a date. In ms, bounded; undefined: no wish, or one that has passed. */
export function retryAfterMs(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return ms > 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : undefined;
}
