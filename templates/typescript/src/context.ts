/**
 * What is kept of a user: **this file is yours**. Here: the last value that he wrote. A context is JSON of any shape, since it
 * is copied to other instances, and it changes by accepted writes only. Which writes were accepted is kept beside it by
 * `contract/`, which calls `written` once for each.
 */
export interface Context {
  readonly value: unknown;
}

export const empty: Context = { value: null };

/** What one accepted write makes of it. */
export const written = (context: Context, value: unknown): Context => ({ ...context, value });
