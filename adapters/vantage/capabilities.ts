import { base } from '../../protocols/vantage/vantage.ts';
import { type Probe, readable } from '../survey.ts';

/** A name that never resolves (RFC 2606): that it does not is an answer too. */
const NOBODY = 'ferry-survey.invalid';

export const vantageCapabilities: readonly Probe[] = [
  async (point, signal) =>
    await readable(point, 'resolving as a device does', `${base}/resolve?name=${NOBODY}`, signal),
];
