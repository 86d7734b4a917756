import { setTimeout as pause } from 'node:timers/promises';
import { stoodStillMs } from '../../activities/stillness.ts';

/** What came before in this process may have computed for seconds, or played with its clock: no step after it stood still. */
export async function awake(): Promise<void> {
  while (stoodStillMs() > 0) await pause(50);
}
