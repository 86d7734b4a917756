import { freePort } from '../../cli/ports.ts';

let last = 22_000 + Math.floor(Math.random() * 8_000);

/** Of loopback, another one each time. The kernel gives none of these to whoever connects: it is free when it is needed, too. */
export const portOfBench = async (): Promise<number> => await freePort('127.0.0.1', (last += 1));
