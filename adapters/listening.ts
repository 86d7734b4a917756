import { connect } from 'node:net';

const LIMIT_MS = 2_000;

/** Does something take connections at this address? It is told nothing. */
export async function listens(endpoint: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port, protocol } = new URL(endpoint);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80), timeout: LIMIT_MS });
  try {
    return await new Promise<boolean>((answer) => {
      const not = (): void => answer(false);
      socket
        .once('connect', () => answer(true))
        .once('error', not)
        .once('timeout', not);
      signal.addEventListener('abort', not, { once: true });
    });
  } finally {
    socket.destroy();
    signal.throwIfAborted();
  }
}
