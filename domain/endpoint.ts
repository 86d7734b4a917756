/** Where an instance is reached. Known to activities and adapters only: addresses never enter a workflow's history. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}
