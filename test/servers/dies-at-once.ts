import { writeSync } from 'node:fs';
import { spawnTethered } from '../../servers/tether.ts';

/** A parent that is killed right after it has started something. */
const { pid } = spawnTethered(['sleep', ['600']], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
writeSync(1, String(pid));
process.kill(process.pid, 'SIGKILL');
