import { appList } from '../../protocols/mec016/notices.ts';
import { type Probe, readable } from '../survey.ts';

export const mec016Capabilities: readonly Probe[] = [
  async (proxy, signal) => await readable(proxy, 'device applications (MEC 016)', appList, signal),
];
