import { setTimeout as pause } from 'node:timers/promises';
import { post } from './exchange.ts';

const ATTEMPTS = 10;
const RETRY_MS = 300;
const CALL_MS = 2_000;

/** Tells the platform that this instance is up, and that its users may be moved (MEC 011, MEC 021). Never throws. */
export async function register(platform: string, appInstanceId: string): Promise<void> {
  const id = encodeURIComponent(appInstanceId);
  const ready = `${platform}/mec_app_support/v1/applications/${id}/confirm_ready`;
  await insist(ready, { indication: 'READY' });
  // A target is found by a registration without devices.
  const registration = { serviceConsumerId: { appInstanceId }, deviceInformation: [] };
  await insist(`${platform}/amsi/v1/app_mobility_services`, registration);
}

async function insist(url: string, body: object): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { status } = await post(url, body, CALL_MS);
    if (status >= 200 && status < 300) return;
    await pause(RETRY_MS);
  }
}

/** Subscribes to cell changes (MEC 012), each time with another filter. Resolves to how many were accepted. */
export async function subscribe(
  platform: string,
  appInstanceId: string,
  base: string,
  wanted: number,
): Promise<number> {
  let accepted = 0;
  for (let index = 0; index < wanted; index += 1) {
    const { status } = await post(
      `${platform}/rni/v2/subscriptions`,
      subscription(appInstanceId, base, index),
      CALL_MS,
    );
    if (status === 201) accepted += 1;
  }
  return accepted;
}

const subscription = (appInstanceId: string, base: string, index: number): object => ({
  subscriptionType: 'CellChangeSubscription',
  callbackReference: `${base}/notifications/rni/${index + 1}`,
  filterCriteriaAssocHo: { appInstanceId, hoStatus: [3, ...statuses(index % 16)], ...cells(index) },
});

/** COMPLETED is always among them; the rest tells the subscriptions apart. */
const statuses = (bits: number): number[] => [1, 2, 4, 5].filter((_, bit) => (bits & (1 << bit)) !== 0);

/** Every other one names a cell, and every one whose statuses another has already. */
function cells(index: number): { ecgi?: object[] } {
  if (index % 2 === 0 && index < 16) return {};
  const plmn = { mcc: '001', mnc: '01' };
  const cellId = (0xa0 + index).toString(16).padStart(7, '0');
  return { ecgi: [{ plmn, cellId }] };
}
