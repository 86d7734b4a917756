import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { AUTHORITATIVE_ANSWER, decode, encode, type Packet, RECURSION_AVAILABLE, RECURSION_DESIRED } from 'dns-packet';
import { type Binding, cannotBind } from './binding.ts';

/** An A record: an IPv4 address, and for how many seconds it may be kept. */
export interface AddressRecord {
  readonly address: string;
  readonly ttl: number;
}

/** What a server knows of a name, in lower case; undefined: there is no such name. */
export type Answers = (name: string) => Promise<readonly AddressRecord[] | undefined>;

const SERVFAIL = 2;
const NXDOMAIN = 3;
const RESEND_MS = 500;

export interface DnsServer {
  close(): Promise<void>;
}

/** Serves DNS over UDP (RFC 1035), A records only: other types of a known name have an empty answer. */
export async function serveDns(
  who: string,
  binding: Binding,
  { answers, authoritative }: { answers: Answers; authoritative: boolean },
): Promise<DnsServer> {
  const socket = createSocket('udp4');
  await bind(socket, who, binding);
  socket.on('message', (message, from) => {
    const query = parsed(message);
    if (query === undefined || query.type !== 'query') return;
    void respond(query, answers, authoritative ? AUTHORITATIVE_ANSWER : RECURSION_AVAILABLE).then((response) =>
      socket.send(response, from.port, from.address),
    );
  });
  socket.on('error', () => undefined); // an answer that does not reach its client is lost, as on any network
  return { close: async () => await new Promise<void>((resolve) => socket.close(resolve)) };
}

async function respond(query: Packet, answers: Answers, flags: number): Promise<Buffer> {
  const [question] = query.questions ?? [];
  const response = { type: 'response', id: query.id, questions: query.questions } as const;
  const asked = flags | ((query.flags ?? 0) & RECURSION_DESIRED);
  if (question === undefined) return encode({ ...response, flags: asked });
  try {
    const records = await answers(question.name.toLowerCase());
    if (records === undefined) return encode({ ...response, flags: asked | NXDOMAIN });
    const found = question.type === 'A' ? records : [];
    return encode({
      ...response,
      flags: asked,
      answers: found.map(({ address, ttl }) => ({ type: 'A', name: question.name, ttl, data: address })),
    });
  } catch {
    return encode({ ...response, flags: asked | SERVFAIL });
  }
}

/** Asks a server for the A records of a name, again and again until the signal ends it; empty: it does not resolve. */
export async function askDns(
  server: Binding,
  name: string,
  { from, signal }: { from?: string; signal: AbortSignal },
): Promise<readonly AddressRecord[]> {
  signal.throwIfAborted();
  const id = randomInt(0x10000);
  const query = encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type: 'A', name }] });
  const socket = createSocket('udp4');
  let resend: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  try {
    await bind(socket, 'a DNS client', { address: from ?? '0.0.0.0', port: 0 });
    const response = await new Promise<Packet>((resolve, reject) => {
      abort = () => reject(new Error(`${server.address} did not answer for ${name}`, { cause: signal.reason }));
      signal.addEventListener('abort', abort);
      socket.on('error', reject);
      socket.on('message', (message, { address, port }) => {
        const packet = parsed(message);
        if (packet?.type === 'response' && packet.id === id && address === server.address && port === server.port)
          resolve(packet);
      });
      const send = () => socket.send(query, server.port, server.address);
      resend = setInterval(send, RESEND_MS);
      send();
    });
    const code = (response.flags ?? 0) & 0xf;
    if (code !== 0 && code !== NXDOMAIN) throw new Error(`${server.address} failed to resolve ${name} (code ${code})`);
    return (response.answers ?? []).flatMap((answer) =>
      answer.type === 'A' ? [{ address: answer.data, ttl: answer.ttl ?? 0 }] : [],
    );
  } finally {
    clearInterval(resend);
    if (abort !== undefined) signal.removeEventListener('abort', abort);
    socket.close();
  }
}

async function bind(socket: Socket, who: string, binding: Binding): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error) => reject(cannotBind(error, who, binding));
    socket.once('error', failed);
    socket.bind(binding, () => {
      socket.off('error', failed);
      resolve();
    });
  });
}

function parsed(message: Buffer): Packet | undefined {
  try {
    return decode(message);
  } catch {
    return undefined; // not DNS
  }
}
