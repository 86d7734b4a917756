import type { Table } from '../serve.ts';
import { networkTable } from './table/network.ts';
import { processTable } from './table/process.ts';
import { relocationTable } from './table/relocations.ts';

/** What operators, orchestrators and operations support systems of our own network may ask. */
export const northboundTable = { ...relocationTable, ...networkTable, ...processTable } as const satisfies Table;

export type NorthboundTable = typeof northboundTable;
