import { Giving } from './giving.ts';
import { Journal } from './journal.ts';
import { Retirement } from './retirement.ts';
import { type Peer, peerAt, State } from './state.ts';
import { Taking } from './taking.ts';

/** This instance, as its host tells it who and where it is. */
const { INSTANCE_ID = '', HOST = '', PORT = '7000', MANAGEMENT_PORT = '7001', FREEZE_LIMIT_MS = '2000' } = process.env;
if (INSTANCE_ID === '' || HOST === '') throw new Error('INSTANCE_ID and HOST have to be set');

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} has to be a whole number above 0, and is ${text}`);
}

export const id = INSTANCE_ID;
export const host = HOST;
/** Clients'; the same on every instance. */
export const port = whole('PORT', PORT);
export const managementPort = whole('MANAGEMENT_PORT', MANAGEMENT_PORT);
export const self: Peer = peerAt(host, managementPort);

export const state = new State();
export const journal = new Journal(process.env['DATA_DIR']);
export const giving = new Giving(state, self, journal, whole('FREEZE_LIMIT_MS', FREEZE_LIMIT_MS));
export const taking = new Taking(state, self, journal);
export const retirement = new Retirement(state, self);
/** When whose client last came by itself, not relayed. */
export const visitors = new Map<string, number>();
