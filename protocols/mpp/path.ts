/** Mpp-fed, from gateway to gateway (GR MEC 035, 6.5.2 step 9, 6.5.3 step 15). */

export const base = '/mpp/v1';

/** What a token has to be good for. */
export const SCOPE = 'mpp';

export const bindingPath = (name: string): string => `${base}/bindings/${encodeURIComponent(name)}`;
export const callbackPath = (id: string): string => `${base}/callbacks/${id}`;

/** Below a binding: what is the gateways' own, and never the service's. */
export const OWN = '/.ferry/';
/** Is the producer in reach? It is not used for that. */
export const PROBE = `${OWN}path`;

/** Is on what a gateway says itself: so the 404 of a service is told from that of a gateway. */
export const REFUSED = { name: 'ferry-federation', value: 'refused' } as const;

/** The type of a refusal by the will of the serving operator. */
export const SUSPENDED = 'urn:ferry:federation:suspended';

/** Members whose value is an address that the producer will notify: of the MEC services, and of TS 29.122. */
export const callbackMembers: readonly string[] = ['callbackReference', 'callbackUri', 'notificationDestination'];

/** What carries REST (MEC 011, TransportType). */
export const REST = 'REST_HTTP';
