import { base } from '../../protocols/vantage/vantage.ts';
import type { Exchange } from '../http.ts';
import { readable, type Capability } from '../survey.ts';

/** A name that never resolves (RFC 2606): that it does not is an answer too. */
const NOBODY = 'ferry-survey.invalid';

export const vantageCapabilities = async (point: Exchange, signal: AbortSignal): Promise<readonly Capability[]> => [
  await readable(point, 'resolving as a device does', `${base}/resolve?name=${NOBODY}`, signal),
];
