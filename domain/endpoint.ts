/** Where an instance is reached. Known to activities and adapters only: addresses never enter a workflow's history. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export const sameEndpoint = (a: Endpoint, b: Endpoint): boolean => a.host === b.host && a.port === b.port;
