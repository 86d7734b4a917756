import type { Plan } from '../domain/relocation.ts';
import { seconds, type Terminal } from './terminal.ts';

const guarantees: Record<NonNullable<Plan['guarantee']>, string> = {
  zeroLoss: 'no write is lost (the application keeps the application contract)',
  applicationOwn: "what the application's own transfer keeps, by its provider's word (MEC 021)",
  none: 'none: the source is stopped, and nothing moves what it keeps',
  stateless: 'there is no context to move',
};

/** What would be done and what stands in the way, for a person. */
export function planLines(plan: Plan, terminal: Terminal): string[] {
  const { direction, possible, obstacles, expectedFreezeMs, steering, anchors = [], observed, drainMs } = plan;
  return [
    possible
      ? terminal.paint('green', `possible (${direction})`)
      : terminal.paint('red', `not possible (${direction})`),
    ...obstacles.flatMap(({ failure, where, detail, remedy }) => [
      `  ${failure} at ${where}: ${detail}`,
      `    Remedy: ${remedy}`,
    ]),
    ...(plan.recovery !== undefined || // of a move: what a takeover may lose stands below
    (plan.guarantee === 'stateless' && obstacles.some(({ failure }) => failure === 'ContractMissing'))
      ? [] // an older worker means that there is none
      : [
          `  guarantee      ${plan.guarantee === null ? 'not known: no instance has answered' : guarantees[plan.guarantee]}`,
        ]),
    `  package        ${plan.package}`,
    `  instance       ${plan.instance}`,
    `  subscriptions  ${plan.guarantee === null ? 'not known: no instance has answered' : plan.subscriptions}`,
    `  freeze         ${expectedFreezeMs === null ? 'not known' : `about ${expectedFreezeMs} ms`}`,
    `  drain          at least ${seconds(drainMs)}`,
    ...steering.map((rule) => `  steering       ${rule}`),
    ...anchors.map((what) => `  anchors        ${what}`),
    ...(observed ? [] : ['  no vantage point: the switch of the path would not be observed']),
    ...riskLines(plan),
    ...recoveryLines(plan.recovery),
    ...(plan.confirmation
      ? ['  confirmation   it will be held until it is approved: the application wants that (MEC 021)']
      : []),
  ];
}

/** Where something may be: what, who else may write, and for how long nobody is served. */
const riskLines = ({ guarantee, risk }: Plan): string[] =>
  risk === undefined || guarantee === 'zeroLoss' || guarantee === 'stateless'
    ? []
    : [
        `  may be lost    ${risk.mayBeLost}`,
        `  may write      ${risk.mayHaveWritten}`,
        `  interrupted    ${risk.interrupted}`,
      ];

/** What may be lost, and who may have written, by the fence that is accepted. */
const recoveryLines = (recovery: Plan['recovery']): string[] =>
  recovery === undefined
    ? []
    : [
        `  may be lost    ${recovery.mayBeLost}`,
        ...Object.entries(recovery.mayHaveWritten).map(([fence, who]) => `  may write      ${fence}: ${who}`),
      ];
