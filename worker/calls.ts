import type { StepName } from '../domain/steps.ts';

/** The published calls behind each step, for the plan: by the role that a peer plays for a site of this kind. */
type Calls<Role extends string> = Readonly<Record<StepName, readonly (readonly [role: Role, call: string])[]>>;

const application = {
  state: ['application', 'GET /relocation/v1/state'],
  promise: ['application', 'POST /relocation/v1/promise'],
  copy: ['application', 'POST /relocation/v1/copy'],
  handOver: ['application', 'POST /relocation/v1/handOver'],
  settle: ['application', 'POST /relocation/v1/settle'],
} as const;

/** MEC 010-2, 011, 012, 016, 021. */
export const callsOfMecHost: Calls<'meo' | 'platform' | 'lcmProxy' | 'vantage' | 'application'> = {
  check: [
    ['meo', 'GET /app_lcm/v1/app_instances'],
    application.state,
    application.promise,
    ['platform', 'GET /amsi/v1/app_mobility_services'],
    ['platform', 'GET /mec_app_support/v1/applications/{appInstanceId}/dns_rules'],
    ['platform', 'GET /mec_app_support/v1/applications/{appInstanceId}/traffic_rules'],
  ],
  package: [
    ['meo', 'POST /app_pkgm/v1/app_packages'],
    ['meo', 'PUT /app_pkgm/v1/app_packages/{appPkgId}/package_content'],
    ['meo', 'GET /app_pkgm/v1/app_packages/{appPkgId}'],
  ],
  instance: [
    ['meo', 'POST /app_lcm/v1/app_instances'],
    ['meo', 'POST /app_lcm/v1/app_instances/{appInstanceId}/instantiate'],
    ['meo', 'GET /app_lcm/v1/app_lcm_op_occs/{appLcmOpOccId}'],
    application.copy,
  ],
  copyAhead: [['platform', 'POST /rni/v2/subscriptions'], application.promise],
  switchPath: [
    ['platform', 'PUT /mec_app_support/v1/applications/{appInstanceId}/traffic_rules/{trafficRuleId}'],
    ['platform', 'PUT /mec_app_support/v1/applications/{appInstanceId}/dns_rules/{dnsRuleId}'],
    ['vantage', 'GET /vantage/v1/resolve'],
    ['vantage', 'POST /vantage/v1/ask'],
  ],
  handOver: [application.handOver],
  notify: [['lcmProxy', 'POST /notifications/address_change']],
  drain: [application.state],
  retire: [
    ['platform', 'DELETE /rni/v2/subscriptions/{subscriptionId}'],
    application.settle,
    ['meo', 'POST /app_lcm/v1/app_instances/{appInstanceId}/terminate'],
    ['meo', 'DELETE /app_lcm/v1/app_instances/{appInstanceId}'],
  ],
};

/** TMF 641 for what changes an instance, the cloud manager for what is looked at. */
export const callsOfCloud: Calls<'oss' | 'manager' | 'services' | 'application'> = {
  check: [
    ['manager', 'GET /cloud/v1/instances'],
    ['oss', 'POST /tmf-api/serviceOrdering/v4/serviceOrder (noChange)'],
    application.state,
    application.promise,
  ],
  package: [
    ['manager', 'POST /cloud/v1/packages'],
    ['manager', 'GET /cloud/v1/packages/{id}'],
  ],
  instance: [
    ['oss', 'POST /tmf-api/serviceOrdering/v4/serviceOrder (add, or modify to active)'],
    ['oss', 'GET /tmf-api/serviceOrdering/v4/serviceOrder/{id}'],
    ['manager', 'GET /cloud/v1/instances/{name}'],
    application.copy,
  ],
  copyAhead: [['services', 'POST /rni/v2/subscriptions'], application.promise],
  // A cloud has no rules of its own: the source's platform leads there
  switchPath: [],
  handOver: [application.handOver],
  // Nor an LCM proxy: the source's system tells the devices
  notify: [],
  drain: [application.state],
  retire: [
    ['services', 'DELETE /rni/v2/subscriptions/{subscriptionId}'],
    application.settle,
    ['oss', 'POST /tmf-api/serviceOrdering/v4/serviceOrder (modify to inactive)'],
  ],
};

/** With the names of the peers instead of their roles; roles that nobody plays at this site are left out. */
export const named =
  <Role extends string>(calls: Calls<Role>, players: Readonly<Record<Role, string | undefined>>) =>
  (step: string): readonly { readonly peer: string; readonly call: string }[] =>
    Object.hasOwn(calls, step)
      ? calls[step as StepName].flatMap(([role, call]) => {
          const peer = players[role];
          return peer === undefined ? [] : [{ peer, call }];
        })
      : [];
