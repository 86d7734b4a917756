import { afterAll } from 'vitest';
import { releaseNetworks } from '../support/network.ts';

/** One process does one file after the other: none keeps what it had claimed of this machine. */
afterAll(releaseNetworks);
