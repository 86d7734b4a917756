import { z } from 'zod';

/** A name of the configuration file: of a site, an application, a user. What is asked for is named by the same rule. */
export const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dot, dash and underscore, at most 63');

/** Of the same, each once. */
export const Names = (most: number) =>
  z
    .array(Name)
    .min(1)
    .max(most)
    .refine((names) => new Set(names).size === names.length, 'names one of them twice')
    .meta({ uniqueItems: true });
