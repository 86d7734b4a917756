import { awake } from '../support/awake.ts';

/** Files follow one another in one process. */
await awake();
