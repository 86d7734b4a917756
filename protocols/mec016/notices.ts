/** MEC 016 V2.2.1, 6.4.2. */
export interface AddressChangeNotification {
  readonly notificationType: 'AddressChangeNotification';
  readonly contextId: string;
  readonly appInstanceId: string;
  readonly referenceURI: string;
}

/** Where the LCM proxy takes it: Mm8 and Mm9 have no published API, so this path is ours. */
export const addressChange = '/notifications/address_change';

export const appList = '/dev_app/v1/app_list';
