import { createServer, type Server } from 'node:http';
import type { Express } from 'express';
import { unreadable } from './problem.ts';

/** Bounded in what it reads and in how long it waits for it. */
export const serverOf = (served: Express): Server =>
  createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 5_000,
    },
    served,
  ).on('clientError', unreadable);

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
