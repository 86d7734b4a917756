import { z } from 'zod';
import { alone } from './alone.ts';
import { pair } from './pair.ts';
import type { Topology as Described } from './topology.ts';

export const Topology = z.enum(['alone', 'pair']);

export const topologies: Readonly<Record<z.infer<typeof Topology>, Described>> = { alone, pair };
