import { setTimeout as pause } from 'node:timers/promises';
import { exchange, post } from '../application/exchange.ts';

/** What the carrier has to do with the application mobility service of its platform (MEC 021), and with MEC 011. */

const ATTEMPTS = 10;
const RETRY_MS = 300;
const CALL_MS = 2_000;
const ALL = ['INTERHOST_MOVEOUT_TRIGGERED', 'INTERHOST_MOVEOUT_COMPLETED', 'INTERHOST_MOVEOUT_FAILED'];

export class Registration {
  readonly #platform: string;
  readonly #instance: string;
  #resource = '';

  constructor(platform: string, instance: string) {
    this.#platform = platform;
    this.#instance = instance;
  }

  /** Ready, registered, and told of whatever becomes of its users. Never throws. */
  async begin(callback: string): Promise<void> {
    const ready = `${this.#platform}/mec_app_support/v1/applications/${this.#instance}/confirm_ready`;
    await post(ready, { indication: 'READY' }, CALL_MS);
    await insist(async () => await this.#create());
    const subscription = {
      subscriptionType: 'MobilityProcedureSubscription',
      callbackReference: callback,
      filterCriteria: { appInstanceId: this.#instance, mobilityStatus: ALL },
    };
    await insist(
      async () => (await post(`${this.#platform}/amsi/v1/subscriptions`, subscription, CALL_MS)).status === 201,
    );
  }

  /** The devices whose users it has, and which of them are transferred. */
  async says(devices: readonly { readonly device: string; readonly reported: boolean }[]): Promise<void> {
    const body = JSON.stringify(this.#body(devices));
    const headers = { 'content-type': 'application/json' };
    await insist(async () => {
      const { status } = await exchange(this.#resource, { method: 'PUT', headers }, body, CALL_MS);
      return status < 300;
    });
  }

  async #create(): Promise<boolean> {
    const { status, body } = await post(`${this.#platform}/amsi/v1/app_mobility_services`, this.#body([]), CALL_MS);
    const { appMobilityServiceId: id } = (body ?? {}) as { appMobilityServiceId?: unknown };
    if (status !== 201 || typeof id !== 'string') return false;
    this.#resource = `${this.#platform}/amsi/v1/app_mobility_services/${id}`;
    return true;
  }

  #body(devices: readonly { readonly device: string; readonly reported: boolean }[]): object {
    return {
      serviceConsumerId: { appInstanceId: this.#instance },
      deviceInformation: devices.map(({ device, reported }) => ({
        associateId: { type: 'UE_IPv4_ADDRESS', value: device },
        appMobilityServiceLevel: 'APP_MOBILITY_WITHOUT_CONFIRMATION',
        contextTransferState: reported ? 'USER_CONTEXT_TRANSFER_COMPLETED' : 'NOT_TRANSFERRED',
      })),
    };
  }
}

export interface Told {
  readonly status: string;
  readonly devices: readonly string[];
  readonly target: { readonly host: string; readonly port: number } | undefined;
}

/** 7.4.2. */
export function toldBy(notification: unknown): Told {
  const { mobilityStatus, associateId, targetAppInfo } = (notification ?? {}) as {
    mobilityStatus?: unknown;
    associateId?: { value?: unknown }[];
    targetAppInfo?: { commInterface?: { ipAddresses?: { host: string; port: number }[] } };
  };
  return {
    status: String(mobilityStatus).replace('INTERHOST_MOVEOUT_', ''),
    devices: (associateId ?? []).map(({ value }) => String(value)),
    target: targetAppInfo?.commInterface?.ipAddresses?.[0],
  };
}

async function insist(work: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (await work().catch(() => false)) return;
    await pause(RETRY_MS);
  }
}
