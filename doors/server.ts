import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { plain } from './refusal.ts';

/** Longer than the 60 s of what balances load: the one who does not open a connection should not close it (docs/operations.md). */
const KEEP_ALIVE_MS = 75_000;

/** Bounded in what it reads and in how long it waits for it. */
export const serverOf = (served: RequestListener, bounds: ServerOptions = {}): Server =>
  createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      requireHostHeader: false, // the application asks for it, and says what is missing
      ...bounds,
    },
    served,
  )
    .on('clientError', unreadable)
    .on('checkExpectation', (_req: IncomingMessage, res: ServerResponse) => {
      const remedy = 'Expect 100-continue, or nothing.';
      const body = JSON.stringify({ ...plain(417, 'what the request expects is not offered'), remedy });
      const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
      res.writeHead(417, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
    });

/**
 * Stops listening, lets the requests under way end, and cuts what is left at the deadline. Whoever asks has said "not
 * ready" a moment before: what waits to be accepted when the socket closes is reset.
 */
export async function close(server: Server, deadlineMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
}

/** Requests that Node cannot read, or that take too long to arrive, get a problem document as well. */
function unreadable(error: NodeJS.ErrnoException, socket: Duplex & { bytesWritten?: number }): void {
  if (error.code === 'ECONNRESET' || !socket.writable || (socket.bytesWritten ?? 0) > 0) {
    socket.destroy();
    return;
  }
  const [status, detail, remedy] = unreadableRequest(error.code);
  const body = JSON.stringify({ ...plain(status, detail), remedy });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function unreadableRequest(code: string | undefined): [status: number, detail: string, remedy: string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return [431, 'the request line and the headers are too long', 'Send at most 16 kB of them.'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [408, 'the request did not arrive in time', 'Send it without pausing.'];
  return [400, 'this is no HTTP request', 'Send HTTP/1.1.'];
}
