import type { FailureType } from '../../../domain/failures.ts';

/** Of our own network, answered with Temporal's help. */
export const asked = { scope: 'ferry', asksTemporal: true } as const;

/** What a look at the peers can fail with, beyond what it tells as an obstacle. */
export const planFailures: readonly FailureType[] = ['PeerUnavailable', 'PeerMalformed', 'PeerRejected', 'NotYet'];
