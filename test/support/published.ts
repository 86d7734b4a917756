/**
 * Every operation that Ferry may ask of anybody, by the clause that publishes it. `*` stands for one segment. Written
 * from the standards and from the pages of this project, not from the adapters.
 */
const operations = [
  // MEC 010-2, 7.3: application package management
  'GET /app_pkgm/v1/app_packages',
  'POST /app_pkgm/v1/app_packages',
  'GET /app_pkgm/v1/app_packages/*',
  'PATCH /app_pkgm/v1/app_packages/*',
  'DELETE /app_pkgm/v1/app_packages/*',
  'PUT /app_pkgm/v1/app_packages/*/package_content',
  'GET /app_pkgm/v1/onboarded_app_packages',
  'GET /app_pkgm/v1/onboarded_app_packages/*',
  // MEC 010-2, 7.4: application life cycle management
  'GET /app_lcm/v1/app_instances',
  'POST /app_lcm/v1/app_instances',
  'GET /app_lcm/v1/app_instances/*',
  'DELETE /app_lcm/v1/app_instances/*',
  'POST /app_lcm/v1/app_instances/*/instantiate',
  'POST /app_lcm/v1/app_instances/*/operate',
  'POST /app_lcm/v1/app_instances/*/terminate',
  'GET /app_lcm/v1/app_lcm_op_occs',
  'GET /app_lcm/v1/app_lcm_op_occs/*',
  'POST /app_lcm/v1/app_lcm_op_occs/*/cancel',
  'POST /app_lcm/v1/app_lcm_op_occs/*/fail',
  'POST /app_lcm/v1/app_lcm_op_occs/*/retry',
  // MEC 011, 7.2 and 8.2: application support, service management
  'GET /mec_app_support/v1/applications/*/dns_rules',
  'GET /mec_app_support/v1/applications/*/dns_rules/*',
  'PUT /mec_app_support/v1/applications/*/dns_rules/*',
  'GET /mec_app_support/v1/applications/*/traffic_rules',
  'GET /mec_app_support/v1/applications/*/traffic_rules/*',
  'PUT /mec_app_support/v1/applications/*/traffic_rules/*',
  'GET /mec_service_mgmt/v1/services',
  'GET /mec_service_mgmt/v1/applications/*/services',
  'POST /mec_service_mgmt/v1/applications/*/services',
  'GET /mec_service_mgmt/v1/applications/*/services/*',
  'PUT /mec_service_mgmt/v1/applications/*/services/*',
  'DELETE /mec_service_mgmt/v1/applications/*/services/*',
  // MEC 012, 7: radio network information
  'GET /rni/v2/subscriptions',
  'POST /rni/v2/subscriptions',
  'GET /rni/v2/subscriptions/*',
  'DELETE /rni/v2/subscriptions/*',
  // MEC 013, 028, 030 and MEC 011, 8: what applications subscribed to there; MEC 013 in any of its versions
  'GET /location/*/subscriptions/*',
  'POST /location/*/subscriptions/*',
  'GET /location/*/subscriptions/*/*',
  'DELETE /location/*/subscriptions/*/*',
  'GET /wai/v2/subscriptions',
  'GET /vis/v2/subscriptions',
  'GET /mec_service_mgmt/v1/applications/*/subscriptions',
  // MEC 016, 7: device applications; 6.4.3: the notification, at the callback that was given
  'GET /dev_app/v1/app_list',
  'POST /notifications/address_change',
  // MEC 021, 8: application mobility
  'GET /amsi/v1/app_mobility_services',
  'GET /amsi/v1/app_mobility_services/*',
  'GET /amsi/v1/subscriptions',
  'POST /amsi/v1/subscriptions',
  'GET /amsi/v1/subscriptions/*',
  'DELETE /amsi/v1/subscriptions/*',
  // TMF 641: service orders, and their cancellation
  'GET /tmf-api/serviceOrdering/v4/serviceOrder',
  'POST /tmf-api/serviceOrdering/v4/serviceOrder',
  'GET /tmf-api/serviceOrdering/v4/serviceOrder/*',
  'GET /tmf-api/serviceOrdering/v4/cancelServiceOrder',
  'POST /tmf-api/serviceOrdering/v4/cancelServiceOrder',
  'GET /tmf-api/serviceOrdering/v4/cancelServiceOrder/*',
  // The cloud manager (docs/operations.md): packages are brought; instances are only looked at, orders change them
  'GET /cloud/v1/packages',
  'POST /cloud/v1/packages',
  'GET /cloud/v1/packages/*',
  'GET /cloud/v1/instances',
  'GET /cloud/v1/instances/*',
  // The application contract (docs/application-contract.md)
  'GET /relocation/v1/state',
  'POST /relocation/v1/promise',
  'POST /relocation/v1/copy',
  'POST /relocation/v1/handOver',
  'POST /relocation/v1/settle',
  'POST /relocation/v1/retire',
  'POST /relocation/v1/supersede',
  // E/WBI (GSMA OPG.04), and our extension of Mff-fed, which describes itself at /openapi.json
  'POST /operatorplatform/federation/v1/partner',
  'GET /operatorplatform/federation/v1/fed-context-id',
  'GET /operatorplatform/federation/v1/*/partner',
  'DELETE /operatorplatform/federation/v1/*/partner',
  'POST /operatorplatform/federation/v1/*/zones',
  'DELETE /operatorplatform/federation/v1/*/zones/*',
  'GET /mff/v1/*',
  'GET /mff/v1/*/systems',
  'POST /mff/v1/*/platform-queries',
  'GET /mff/v1/*/bindings',
  'GET /mff/v1/*/bindings/*',
  'PUT /mff/v1/*/bindings/*',
  'DELETE /mff/v1/*/bindings/*',
  // Mfm, and our gateway (docs/federation.md)
  'POST /platform-queries',
  'PUT /decisions/*',
  'DELETE /decisions/*',
  'GET /s/*/.ferry/path',
  // MEC 040, 6: the notification, at the callback that was given
  'POST /fed_notifications',
  // OAuth 2.0: RFC 8414, 3; OpenID Connect Discovery, 4; RFC 6749, 4.4.2
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/openid-configuration',
  'POST /token',
  // Vantage points (docs/operations.md)
  'GET /vantage/v1/resolve',
  'POST /vantage/v1/ask',
] as const;

const published = operations.map((operation) => ({
  operation,
  pattern: new RegExp(`^${operation.replaceAll(/[.]/g, String.raw`\.`).replaceAll('*', '[^/]+')}$`),
}));

export interface Call {
  readonly peer: string;
  readonly method: string;
  readonly path: string;
}

/** Which published operation that is; undefined: none. */
export const operationOf = ({ method, path }: Call): string | undefined =>
  published.find(({ pattern }) => pattern.test(`${method} ${path}`))?.operation;

/** Every call that a worker's log tells of; it tells of all at `FERRY_LOG_LEVEL=debug`. */
export const callsIn = (log: string): Call[] =>
  log.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const said = JSON.parse(line) as Partial<Call>;
    return said.peer === undefined || said.method === undefined || said.path === undefined
      ? []
      : [{ peer: said.peer, method: said.method, path: said.path }];
  });

/** Those that nobody has published. */
export const unpublished = (calls: readonly Call[]): string[] =>
  calls.filter((call) => operationOf(call) === undefined).map(({ peer, method, path }) => `${peer}: ${method} ${path}`);

/** The operations that were asked, each once. */
export const distinct = (calls: readonly Call[]): string[] => [
  ...new Set(calls.flatMap((call) => operationOf(call) ?? [])),
];
