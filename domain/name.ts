import { z } from 'zod';

/** A name of the configuration file: of a site, an application, a user. What is asked for is named by the same rule. */
export const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dot, dash and underscore, at most 63');
