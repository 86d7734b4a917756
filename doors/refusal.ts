import { STATUS_CODES } from 'node:http';

/** A refusal for which HTTP has a word and the domain has none. `remedy`: what whoever asked can mend. */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly remedy: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As of a problem (RFC 9457). */
  readonly type: string;

  constructor(
    status: number,
    message: string,
    remedy: string,
    headers: Readonly<Record<string, string>> = {},
    type = 'about:blank',
  ) {
    super(message);
    this.status = status;
    this.remedy = remedy;
    this.headers = headers;
    this.type = type;
  }
}

/** Nobody answers who could: asked again later, it may work. */
export const unavailable = (message: string, remedy: string, seconds = 2): HttpRefusal =>
  new HttpRefusal(503, message, remedy, { 'retry-after': String(seconds) });

/** RFC 9457. */
interface PlainProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

export const plain = (status: number, detail: string): PlainProblem => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Unknown',
  status,
  detail: printable(detail),
});

/** Text of others goes into answers bounded, and without what could steer a terminal or turn the reading direction. */
export const printable = (text: string): string =>
  text
    .slice(0, 500)
    .replaceAll(/[^\x20-\x7e→’…]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
