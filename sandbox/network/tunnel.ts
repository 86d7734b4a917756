import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Binding } from './binding.ts';

/**
 * Opens a connection through a user plane (HTTP CONNECT, RFC 9110, 9.3.6) from an address of ours. Throws when the
 * user plane refuses, cannot reach the destination, or the signal ends it first.
 */
export async function openTunnel(
  userPlane: Binding,
  { to, from, signal }: { to: Binding; from: string; signal: AbortSignal },
): Promise<Socket> {
  signal.throwIfAborted();
  const path = `${to.address}:${to.port}`;
  const req = request({
    host: userPlane.address,
    port: userPlane.port,
    localAddress: from,
    method: 'CONNECT',
    path,
    headers: { host: path },
    agent: false,
  });
  const abort = () => req.destroy(new Error(`no way to ${path} in time`, { cause: signal.reason }));
  signal.addEventListener('abort', abort);
  try {
    return await new Promise<Socket>((resolve, reject) => {
      req.on('error', reject);
      req.once('connect', ({ statusCode }, socket) => {
        if (statusCode === 200) return resolve(socket.setNoDelay(true));
        socket.destroy();
        reject(new Error(`the user plane answered ${statusCode} for ${path}`));
      });
      req.end();
    });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
