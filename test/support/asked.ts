import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import type { Engine } from './engine.ts';

export interface Asking {
  readonly client: Client;
  /** So often it was asked, by the name of the call. */
  readonly asked: ReadonlyMap<string, number>;
  readonly stop: () => Promise<void>;
}

/** A client of the engine's server that counts what it asks. */
export async function asking({ environment: { address, namespace = 'default' } }: Engine): Promise<Asking> {
  const asked = new Map<string, number>();
  const counting: Interceptor = (options, nextCall) => {
    const name = options.method_definition.path.split('/').at(-1) ?? '';
    asked.set(name, (asked.get(name) ?? 0) + 1);
    return new InterceptingCall(nextCall(options));
  };
  const connection = await Connection.connect({ address, interceptors: [counting] });
  asked.clear(); // what a connection asks to begin with
  return { client: new Client({ connection, namespace }), asked, stop: async () => await connection.close() };
}
