import { loadClientConnectConfig } from '@temporalio/envconfig';

/**
 * Where Temporal is, for whoever connects: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS_*, TEMPORAL_API_KEY, else
 * the profile of Temporal's own configuration file, else a dev server on this machine. An empty variable is an unset one.
 */
export function connectionSettings(): {
  connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'] & { address: string };
  namespace: string;
  /** Has anybody named it, or is it Temporal's own default? */
  namespaceGiven: boolean;
} {
  const given = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => (entry[1] ?? '') !== ''),
  );
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: given });
  return {
    connectionOptions: { ...connectionOptions, address: connectionOptions.address ?? '127.0.0.1:7233' },
    namespace: namespace ?? 'default',
    namespaceGiven: namespace !== undefined,
  };
}
