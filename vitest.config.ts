import { defineConfig } from 'vitest/config';

/** `unit` needs no server and no port of its own; `engine` owns servers, processes and wall-clock time, one file at a time. */
export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        test: {
          name: 'unit',
          pool: 'forks',
          include: [
            'test/{domain,configuration,activities,adapters,api,cli,temporal,servers,replay,sandbox,docs}/**/*.test.ts',
            'test/*.test.ts',
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'engine',
          pool: 'forks',
          include: ['test/{engine,endtoend}/**/*.test.ts'],
          fileParallelism: false,
          retry: 0,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
