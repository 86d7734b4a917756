import { once } from 'node:events';
import { connect } from 'node:net';

/** Does anybody accept connections there? To ask costs a tenth of what a request does that nobody hears. */
export async function listens(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
