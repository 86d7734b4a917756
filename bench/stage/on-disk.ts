import { Client, Connection } from '@temporalio/client';
import { startTemporal } from './server.ts';
import { startTwins, type Twins } from './twins.ts';

const NAMESPACE = 'safe';

/** Another server and twins, as the shared ones are, but that each commit waits for the disk: SQLite's profile `safe`. */
export class OnDisk {
  readonly client: Client;
  readonly twins: Twins;
  readonly end: () => Promise<void>;

  private constructor(client: Client, twins: Twins, end: () => Promise<void>) {
    [this.client, this.twins, this.end] = [client, twins, end];
  }

  static async begin(folder: string): Promise<OnDisk> {
    const temporal = await startTemporal(folder, NAMESPACE, [NAMESPACE], true);
    const [twins, connection] = await Promise.all([
      startTwins(temporal, NAMESPACE),
      Connection.connect({ address: temporal.address }),
    ]);
    return new OnDisk(new Client({ connection, namespace: NAMESPACE }), twins, async () => {
      await connection.close();
      await twins.stop();
      await temporal.stop();
    });
  }
}
