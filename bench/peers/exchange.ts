/** One call as a peer hears it. `at`: the address that was asked, which tells the peers apart. */
export interface Heard {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly json: Readonly<Record<string, unknown>>;
  readonly ifMatch: string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ok = (json: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status: 200,
  json,
  headers,
});
export const done: Reply = { status: 204 };
export const refused = (status: number, detail: string, type = 'about:blank'): Reply => ({
  status,
  json: { type, title: detail, status, detail },
});

/** The one filter that is asked for: `(eq,member,value)`. */
export function equal(query: URLSearchParams): readonly [member: string, value: string] | undefined {
  const [, member, value] = /^\(eq,([\w/]+),(.*)\)$/.exec(query.get('filter') ?? '') ?? [];
  return member === undefined || value === undefined ? undefined : [member, value];
}
