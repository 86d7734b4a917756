import { request } from 'node:http';
import { json } from 'node:stream/consumers';

/** One request in JSON on a connection of its own: servers that come and go on one address leave no dead one behind. */
export async function call(method: string, url: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  return await new Promise((resolve, reject) => {
    const req = request(url, { method, agent: false, headers: { 'content-type': 'application/json' } });
    req.once('error', reject);
    req.once('response', (res) => {
      const status = res.statusCode ?? 0;
      json(res).then(
        (answer) => resolve({ status, body: answer }),
        () => resolve({ status, body: null }),
      );
    });
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
