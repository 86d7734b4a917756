import { appList } from '../../protocols/mec016/notices.ts';
import type { Exchange } from '../http.ts';
import { readable, type Capability } from '../survey.ts';

export const mec016Capabilities = async (proxy: Exchange, signal: AbortSignal): Promise<readonly Capability[]> => [
  await readable(proxy, 'device applications (MEC 016)', appList, signal),
];
