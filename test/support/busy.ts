import { availableParallelism, loadavg } from 'node:os';

/**
 * How many times the work that it can do at once this machine had to do in the last minute; at least 1. A limit of time
 * that is asserted holds for a machine with a core to spare, and is multiplied by this.
 */
export const busy = (): number => Math.max(1, (loadavg()[0] ?? 1) / availableParallelism());
