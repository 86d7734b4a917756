import { connect } from 'node:net';

const LIMIT_MS = 2_000;

/** Does something take connections at this address? It is told nothing. */
export async function listens(endpoint: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port, protocol } = new URL(endpoint);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80), timeout: LIMIT_MS });
  const leave = (): void => void socket.destroy(new Error('nobody waits for it any longer'));
  signal.addEventListener('abort', leave);
  try {
    return await new Promise<boolean>((answer) => {
      const not = (): void => answer(false);
      socket
        .once('connect', () => answer(true))
        .once('error', not)
        .once('timeout', not);
    });
  } finally {
    signal.removeEventListener('abort', leave); // a step asks often, and its signal would keep them all
    socket.destroy();
    signal.throwIfAborted();
  }
}
