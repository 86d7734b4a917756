/** How a device treats the address that it was given for a name (sandbox/README.md). */
export const kinds = ['resolving', 'keeping', 'clamping'] as const;
export type Kind = (typeof kinds)[number];

/** For how many seconds a device of each kind uses an answer before it asks again, and then connects anew. */
export const keepsFor: Readonly<Record<Kind, (ttl: number, clampSeconds: number) => number>> = {
  resolving: (ttl) => ttl,
  keeping: () => Number.POSITIVE_INFINITY,
  clamping: (ttl, clampSeconds) => Math.max(ttl, clampSeconds),
};
