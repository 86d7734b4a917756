import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import { applicationOf, siteOf } from '../peers/plan.ts';
import { OWN_CORE, start } from './process.ts';
import type { Temporal } from './server.ts';

export interface Answered {
  readonly status: number;
  /** Of the run that was begun, or joined. */
  readonly id: string | undefined;
  readonly retryAfter: boolean;
}

/** Ferry's API, a process of its own; nobody works off what it starts. */
export interface Api {
  readonly pid: number;
  readonly post: (body: object, key?: string) => Promise<Answered>;
  readonly stop: () => Promise<void>;
}

export const userOf = (n: number): string => `ue-${n}`;

/** So many devices that a configuration knows them. */
export const users = (most: number): Record<string, { address: string }> =>
  Object.fromEntries(
    Array.from({ length: most }, (_, n) => [
      userOf(n),
      { address: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}` },
    ]),
  );

export const orderOf = (n: number): object => ({
  application: applicationOf(0),
  users: userOf(n),
  source: siteOf('left', 0),
  target: siteOf('right', 0),
});

export async function startApi(
  { address }: Pick<Temporal, 'address'>,
  namespace: string,
  configuration: string,
): Promise<Api> {
  const { pid, said, stop } = await start('api/main.ts', [], {
    core: OWN_CORE,
    environment: {
      FERRY_CONFIG: configuration,
      FERRY_PORT: '0',
      FERRY_TASK_QUEUE: `nobody-${randomUUID()}`,
      FERRY_LOG_LEVEL: 'error',
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
    },
  });
  const url = `${String(said['url'])}/v1/relocations`;
  const agent = new Agent({
    connections: 1_024,
  }) /* more than the API lets wait: who waits here is not refused there */;
  return {
    pid,
    post: async (json, key) => {
      const { statusCode, headers, body } = await request(url, {
        method: 'POST',
        dispatcher: agent,
        body: JSON.stringify(json),
        headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
      });
      const { id } = (await body.json()) as { id?: string };
      return { status: statusCode, id, retryAfter: headers['retry-after'] !== undefined };
    },
    stop: async () => {
      await agent.close();
      await stop();
    },
  };
}
