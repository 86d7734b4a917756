import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Relocation } from '../../api/resources.ts';
import { main } from '../../cli/main.ts';

/** What was asked of the API. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: unknown;
}

export type Answer = (asked: Asked, response: ServerResponse) => void;

/** A tiny API on a port of its own: answers as the test says. */
export class FakeApi {
  readonly asked: Asked[] = [];
  answer: Answer = (_, response) => void response.writeHead(500).end();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const asked = { method, url, headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
        this.asked.push(asked);
        this.answer(asked, response);
      });
    });
  }

  static async start(): Promise<FakeApi> {
    const api = new FakeApi();
    await new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const answering =
  (status: number, body: unknown): Answer =>
  (_, response) =>
    void response
      .writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' })
      .end(JSON.stringify(body));

export const event = (relocation: Relocation): string => `event: relocation\ndata: ${JSON.stringify(relocation)}\n\n`;

/** A stream of these texts, that ends after the last. */
export const streaming =
  (...texts: readonly string[]): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const text of texts) response.write(text);
    response.end();
  };

/** Runs the command line, as `ferry` does, and keeps what it wrote. */
export const ferry = async (...argv: readonly string[]) => await ferryOn({}, ...argv);

/** The same on a terminal, where there is one. */
export async function ferryOn(
  terminal: { readonly isTTY?: boolean; readonly columns?: number },
  ...argv: readonly string[]
): Promise<{ exit: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const exit = await main(
    argv,
    { ...terminal, write: (text: string) => void out.push(text) },
    { write: (text: string) => void err.push(text) },
  );
  return { exit, out: out.join(''), err: err.join('') };
}

const result: NonNullable<Relocation['result']> = {
  outcome: 'relocated',
  failure: null,
  leftovers: [],
  durationsMs: {
    check: 120,
    package: 800,
    instance: 1_400,
    copyAhead: 300,
    switchPath: 700,
    handOver: 40,
    notify: 30,
    drain: 6_000,
    retire: 400,
  },
  totalMs: 9_800,
  moved: { users: 6, subscriptions: 3, instance: 'created', package: 'distributed' },
  freezeMs: 4.21,
  epoch: 2,
  guarantee: 'zeroLoss',
  pathObserved: true,
  cancelTooLate: false,
};

/** Of the relocation that is played, whole and as it is shown. */
export const ID = 'mfrggzdfmztwq2lknnwg23tpo.01a20e13-15b3-77c0-9b4a-5e1e3e2ee0a5';
export const SHORT = '3e2ee0a5';

export const relocation = (members: Partial<Relocation> = {}): Relocation => ({
  id: ID,
  request: { application: 'counter', users: '*', source: 'cloud', target: 'a1', cutOver: 'immediately' },
  direction: 'cloudToMec',
  state: 'working',
  step: 'check',
  since: '2030-01-31T12:00:00.000Z',
  asked: null,
  startedAt: '2030-01-31T12:00:00.000Z',
  endedAt: null,
  waitingFor: null,
  actions: ['pause', 'cancel'],
  durationsMs: {},
  outcome: null,
  result: null,
  links: { self: `/v1/relocations/${ID}`, events: `/v1/relocations/${ID}/events`, temporal: null },
  ...members,
});

export const ended = (members: Partial<NonNullable<Relocation['result']>> = {}): Relocation =>
  relocation({
    state: 'ended',
    step: 'retire',
    endedAt: '2030-01-31T12:00:09.800Z',
    outcome: members.outcome ?? 'relocated',
    actions: [],
    durationsMs: result.durationsMs,
    result: { ...result, ...members },
  });
