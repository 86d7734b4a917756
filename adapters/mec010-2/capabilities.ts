import { appInstances, appLcmOpOccs } from '../../protocols/mec010-2/life-cycle.ts';
import { packageManagement, type PackageDialect } from '../../protocols/mec010-2/package.ts';
import { type Probe, readable } from '../survey.ts';

/** What a MEO lets us read of MEC 010-2. */
export const mec010Capabilities = ({ collection }: Pick<PackageDialect, 'collection'>): readonly Probe[] => [
  async (meo, signal) =>
    await readable(meo, 'application packages (MEC 010-2)', `${packageManagement}/${collection}`, signal),
  async (meo, signal) => await readable(meo, 'application instances (MEC 010-2)', appInstances, signal),
  async (meo, signal) => await readable(meo, 'life cycle operations (MEC 010-2)', appLcmOpOccs, signal),
];
