import { availableParallelism, totalmem } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/setup/longest-first.ts';
import { processes } from './test/setup/processes.ts';

/**
 * `quick` starts no process and needs no server but what it serves itself: `npm run quick`. `processes`: parts of the
 * sandbox, of the API and of the command line as processes, workflows on a real Temporal server, and all of it, killed and
 * frozen. Files run side by side, also those of another checkout: whatever they share is claimed. A process does one file
 * after the other: what they import is loaded once, and they leave nothing of it changed. `alone`: who has a process for
 * himself; the tour is there, which is what a person sees who starts it, with the limits that hold for him: it begins beside
 * the last that start something, and goes on beside others that compute.
 */
const alone = ['test/endtoend/tour.test.ts', 'test/worker/metrics.test.ts'];
const servers = ['test/setup/in-turn.ts', 'test/setup/build.ts', 'test/setup/postgres.ts', 'test/setup/temporal.ts'];
const patient = 300_000;

/**
 * All files are one queue (`test/setup/longest-first.ts`), so many at once for each core: they wait for peers, and for time. Each
 * of the largest has a stage, whose processes take 1.3 GB.
 */
const maxWorkers = Math.max(1, Math.min(4 * availableParallelism(), Math.floor(totalmem() / 2e9)));
const side = { pool: 'forks', maxWorkers } as const;

export default defineConfig({
  test: {
    // By content, of the sources and of this file; whoever changes tsconfig.json clears it: `npx vitest --clearCache`
    experimental: { fsModuleCache: true },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'quick',
          ...side,
          isolate: false,
          setupFiles: ['test/setup/awake.ts'],
          include: ['test/**/*.test.ts'],
          exclude: [...processes(), ...alone],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'processes',
          ...side,
          isolate: false,
          setupFiles: ['test/setup/awake.ts', 'test/setup/networks.ts'],
          include: processes(),
          exclude: alone,
          globalSetup: servers,
          retry: 0,
          maxConcurrency: 10,
          testTimeout: patient,
          hookTimeout: patient,
        },
      },
      {
        test: {
          name: 'alone',
          ...side,
          include: alone,
          globalSetup: servers,
          retry: 0,
          testTimeout: patient,
          hookTimeout: patient,
        },
      },
    ],
  },
});
