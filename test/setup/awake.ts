import { setTimeout as pause } from 'node:timers/promises';
import { stoodStillMs } from '../../activities/stillness.ts';

/** The file before this one may have computed for seconds in the same process: no step of this one stood still. */
while (stoodStillMs() > 0) await pause(50);
