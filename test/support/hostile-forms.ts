import type { ServerResponse } from 'node:http';

const reply =
  (status: number, text = '', type = 'application/json', headers: Record<string, string> = {}) =>
  (res: ServerResponse): void =>
    void res.writeHead(status, { 'content-type': type, ...headers }).end(text);

const raw = (text: string) => (res: ServerResponse) => {
  res.socket?.end(text);
};

/** What a peer may answer instead of an answer. */
export const hostileForms: Readonly<Record<string, (res: ServerResponse) => void>> = {
  'JSON that ends too early': reply(200, '[{"id":"i1"'),
  'JSON of another kind': reply(200, '42'),
  null: reply(200, 'null'),
  nothing: reply(200),
  'no content': reply(204),
  'an empty list': reply(200, '[]'),
  'an empty object': reply(200, '{}'),
  'members of wrong types': reply(
    200,
    JSON.stringify({ id: 5, operationState: [], instantiationState: {}, dnsRuleId: null, trafficRuleId: 1, _links: 7 }),
  ),
  'a list of wrong types': reply(200, '[null, 5, "x", {"id":{}}, []]'),
  'what belongs to another': reply(
    200,
    JSON.stringify({
      id: 'other',
      operationState: 'COMPLETED',
      instantiationState: 'NOT_INSTANTIATED',
      state: 'ACTIVE',
      dnsRuleId: 'other',
      domainName: 'x',
      ipAddress: '10.9.9.9',
      trafficRuleId: 'other',
      trafficFilter: [],
    }),
  ),
  'a state that nobody knows': reply(200, '{"id":"i1","operationState":"DREAMING","instantiationState":"DREAMING"}'),
  'names of prototypes': reply(200, '{"__proto__":{"id":"i1"},"constructor":"x","id":"__proto__"}'),
  'depth without end': reply(200, '['.repeat(50_000)),
  HTML: reply(200, '<html><body>Welcome</body></html>', 'text/html'),
  'a login page': reply(302, '', 'text/html', { location: 'http://login.example/' }),
  'a redirect in circles': reply(307, '', 'text/html', { location: '?again' }),
  'a redirect to elsewhere': reply(308, '', 'text/html', { location: 'http://192.0.2.1/' }),
  'what is no gzip': reply(200, 'plain', 'application/json', { 'content-encoding': 'gzip' }),
  'no HTTP': raw('SSH-2.0-OpenSSH_9.6\r\n\r\n'),
  'a body that is cut': (res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' }).write('[{"id":');
    setImmediate(() => res.destroy());
  },
  'a connection that is cut': (res) => void res.destroy(),
  silence: () => undefined,
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 429, 500, 501, 503].map((status) => [
      String(status),
      reply(status, '{"detail":"no"}', 'application/problem+json'),
    ]),
  ),
  '404 without a word': reply(404),
};
