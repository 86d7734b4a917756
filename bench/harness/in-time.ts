/** What this comes to, unless it takes longer. What is late goes on, and whoever asked ends what it needs. */
export async function inTime<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const seconds = Math.round(Math.max(0, limitMs) / 1_000);
    late = setTimeout(() => reject(new Error(`a block did not end within ${seconds} s`)), Math.max(0, limitMs));
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(late);
  }
}
