import { z } from 'zod';
import { Name } from '../domain/name.ts';

/** Of a peer; without a slash at its end. */
export const Url = z
  .url({ protocol: /^https?$/, error: 'is no URL such as https://peer.example/mec' })
  .refine((url) => /^[^?#@]*$/.test(url), 'has a user, a query or a fragment, which no peer is asked with')
  .transform((url) => url.replace(/\/+$/, ''));

/** Records by name, without a prototype: a name that somebody asks for, such as `constructor`, is one of these or none. */
export const named = <Each extends z.ZodType>(record: Each) =>
  z
    .record(Name, record, {
      error: ({ code, issues }) => (code === 'invalid_key' ? `is no name: ${issues?.[0]?.message ?? ''}` : undefined),
    })
    .transform((records) => Object.assign(Object.create(null) as Record<string, z.output<Each>>, records));
