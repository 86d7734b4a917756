/** A header and its value, as often as it stands there. */
export type Field = readonly [name: string, value: string];

/** Between two neighbours only (RFC 9110, 7.6.1), with those that `connection` names. */
const HOPS =
  'connection keep-alive proxy-connection proxy-authenticate proxy-authorization proxy-authentication-info te trailer transfer-encoding upgrade http2-settings';

/** Who asks, and by which way he came, is nobody's affair beyond this gateway; whole bodies are asked for, as they are. */
const OF_REQUESTS = new Set(
  `${HOPS} authorization cookie cookie2 host forwarded x-real-ip x-client-ip true-client-ip x-cluster-client-ip x-host baggage via referer origin expect accept-encoding range if-range`.split(
    ' ',
  ),
);
/** By which way it came, and what some servers believe more than the request line: they would be led beside the service. */
const OF_WAYS =
  /^x-(?:forwarded|original|originating|rewrite|remote|envoy|ssl-client|client-cert|auth-request|consumer)(?:-|$)|^content_/;

/** By what a service is built, and what would speak for it to other hosts. */
const OF_ANSWERS = new Set(
  `${HOPS} server server-timing x-powered-by set-cookie set-cookie2 alt-svc www-authenticate strict-transport-security ferry-federation via`.split(
    ' ',
  ),
);
/** What proxies and frameworks tell of where it was made. */
const OF_MAKERS =
  /^proxy-|^x-(?:served-by|backend|upstream|envoy|kong|varnish|aspnet|generator|runtime|host|server|pod|container)/;

/** Of a body that is written anew. */
const OF_BODIES = new Set(
  'content-length content-encoding content-md5 digest content-digest repr-digest accept-ranges'.split(' '),
);

export const ofRequest = (fields: readonly Field[]): Field[] => passing(fields, OF_REQUESTS, OF_WAYS);
export const ofAnswer = (fields: readonly Field[]): Field[] => passing(fields, OF_ANSWERS, OF_MAKERS);
export const withoutBody = (fields: readonly Field[]): Field[] =>
  fields.filter(([name]) => !OF_BODIES.has(name.toLowerCase()));

function passing(fields: readonly Field[], stop: ReadonlySet<string>, like: RegExp): Field[] {
  const named = new Set(fields.flatMap(([name, value]) => (name.toLowerCase() === 'connection' ? listed(value) : [])));
  return fields.filter(([name]) => {
    const known = name.toLowerCase().replaceAll('_', '-'); // to a CGI they are one (RFC 3875, 4.1.18)
    return !stop.has(known) && !like.test(known) && !like.test(name.toLowerCase()) && !named.has(known);
  });
}

const listed = (value: string): string[] => value.split(',').map((name) => name.trim().toLowerCase());

/** As Node has received them: names and values in turn. */
export const fieldsOf = (raw: readonly string[]): Field[] =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));

export const valueOf = (fields: readonly Field[], name: string): string | undefined =>
  fields.find(([each]) => each.toLowerCase() === name)?.[1];

/** What a body is: of several words each reader would believe another. `null`: there are several. */
export function typeOf(fields: readonly Field[]): string | undefined | null {
  const types = new Set(fields.flatMap(([name, value]) => (name.toLowerCase() === 'content-type' ? [value] : [])));
  return types.size > 1 ? null : [...types][0];
}

/** Is it JSON, hence read, and written anew? */
export const isJson = (type: string | undefined): boolean =>
  /^\s*[\w-]+\/(?:[\w.+-]+\+)?(?:x-)?json\s*(?:;|$)/i.test(type ?? '');
