/**
 * Who may import what: the one table. `npm run fences` writes it into .oxlintrc.json for the editor; test/fences.test.ts
 * holds every source against it. What is not named here is not allowed.
 *
 * A room is a folder. An entry is another room (`domain`), one file of it (`workflows/messages.ts`), a package
 * by its exact name, or all that begins like it (`node:*`).
 */
export interface Room {
  readonly because: string;
  /** May be imported at run time, and as types. */
  readonly runs: readonly string[];
  /** May be imported as types only. */
  readonly types?: readonly string[];
  /** What single files of it may import besides. */
  readonly files?: Readonly<Record<string, readonly string[]>>;
}

export const rooms: Readonly<Record<string, Room>> = {
  domain: {
    because: 'The domain is pure: words and rules, and the schemas that check them.',
    runs: ['zod'],
  },
  workflows: {
    because: 'Workflows are deterministic: they see pure code, and activities and configuration as types.',
    runs: ['domain', 'temporal/queues.ts', 'temporal/search-attributes.ts', '@temporalio/workflow'],
    types: ['activities', 'configuration', '@temporalio/common'],
  },
  activities: {
    because: 'Activities own their ports and know nothing behind them.',
    runs: ['domain', '@temporalio/activity', '@temporalio/common'],
    types: ['configuration'],
  },
  protocols: {
    because: 'Protocols are data: schemas and tables.',
    runs: ['domain', 'zod'],
  },
  adapters: {
    because: 'An adapter speaks one API through adapters/http.ts, realises ports, and fails in one way.',
    runs: ['domain', 'protocols', 'activities/failure.ts', 'traces/told.ts', 'oauth4webapi', 'zod', 'node:*'],
    types: ['activities', 'pino'],
    files: { 'http.ts': ['undici'], 'answer.ts': ['undici'], 'secured.ts': ['undici'] },
  },
  check: {
    because:
      "The checker of applications asks them as Ferry does, by Ferry's own client, and judges the answers itself.",
    runs: [
      'domain',
      'protocols/application/contract.ts',
      'adapters/application/calls.ts',
      'adapters/http.ts',
      'adapters/oauth/tokens.ts',
      'pino',
      'node:*',
    ],
    types: ['adapters/oauth/secret.ts', 'adapters/secured.ts'],
  },
  configuration: {
    because: 'Configuration is what a file and the environment say, and nothing that is done with it.',
    runs: ['domain', 'zod', 'node:*'],
  },
  catalogue: {
    because: 'The catalogue is what the federator knows: SQL, and nothing that asks anybody.',
    runs: ['domain', 'configuration', 'kysely', 'pg', 'node:*'],
    types: [
      'activities/federation/ports.ts',
      'activities/federation/questions.ts',
      'activities/federation/consumption.ts',
    ],
  },
  doors: {
    because: 'Whoever listens: bounded servers, who asks by a token of ours, how a refusal is told.',
    runs: ['configuration', 'domain', 'jose', 'zod', 'node:*'],
    types: ['pino'],
  },
  traces: {
    because: 'Traces are what OpenTelemetry is told; only traces.ts and told.ts are loaded where nobody is to be told.',
    runs: [
      'activities/failure.ts',
      'domain',
      '@opentelemetry/api',
      '@opentelemetry/context-async-hooks',
      '@opentelemetry/core',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/exporter-trace-otlp-proto',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace-base',
      '@temporalio/common',
      'node:*',
    ],
    types: ['@temporalio/client', '@temporalio/worker'],
  },
  api: {
    because: 'The API asks Temporal, never a peer; workflows are started by name.',
    runs: [
      'domain',
      'protocols',
      'configuration',
      'catalogue',
      'doors',
      'workflows/messages.ts',
      'temporal/anchoring.ts',
      'temporal/connection.ts',
      'temporal/evacuating.ts',
      'temporal/holding.ts',
      'temporal/internals.ts',
      'temporal/lazy-connection.ts',
      'temporal/queues.ts',
      'temporal/readiness.ts',
      'temporal/relocating.ts',
      'temporal/search-attributes.ts',
      'temporal/consuming.ts',
      'temporal/finding.ts',
      'temporal/telling.ts',
      'temporal/tending.ts',
      'traces/traces.ts',
      '@grpc/grpc-js',
      '@temporalio/client',
      '@temporalio/common',
      'express',
      'express-rate-limit',
      'p-limit',
      'helmet',
      'pino',
      'pino-http',
      'prom-client',
      'zod',
      'node:*',
    ],
    types: ['workflows'],
  },
  gateway: {
    because: 'The gateway passes on what is judged by the catalogue: bytes, never a procedure.',
    runs: [
      'catalogue',
      'configuration',
      'domain',
      'doors',
      'adapters/body.ts',
      'adapters/oauth/tokens.ts',
      'protocols/mpp/path.ts',
      'traces/told.ts',
      'traces/traces.ts',
      'temporal/connection.ts',
      'temporal/tending.ts',
      '@temporalio/client',
      'pino',
      'undici',
      'node:*',
    ],
    types: ['adapters/http.ts'],
  },
  worker: {
    because: 'The worker wires everything together, but for what faces a user.',
    runs: [
      'domain',
      'activities',
      'protocols',
      'adapters',
      'catalogue',
      'configuration',
      'temporal',
      'traces/told.ts',
      'traces/traces.ts',
      '@temporalio/client',
      '@temporalio/common',
      '@temporalio/worker',
      'pino',
      'prom-client',
      'node:*',
    ],
    types: ['workflows'],
    files: { 'runs.ts': ['@grpc/grpc-js'] },
  },
  temporal: {
    because: 'What workers, the API and the command line need to speak to Temporal.',
    runs: ['@temporalio/client', '@temporalio/common', '@temporalio/envconfig', 'node:*'],
    types: ['workflows'],
    files: {
      'lazy-connection.ts': ['@grpc/grpc-js'],
      'bundle.ts': ['@temporalio/worker'],
      'internals.ts': ['@temporalio/client/lib/*', '@temporalio/common/lib/*'],
    },
  },
  servers: {
    because: 'Server programs are found, obtained and started here; only the command line and tests ask for them.',
    runs: [
      'temporal/readiness.ts',
      'temporal/search-attributes.ts',
      '@temporalio/testing',
      'pg',
      'proper-lockfile',
      'node:*',
    ],
  },
  cli: {
    because: 'The command line speaks HTTP and starts processes; of the API it sees the types.',
    runs: [
      'check',
      'domain',
      'servers',
      'temporal/connection.ts',
      'temporal/namespace.ts',
      'temporal/readiness.ts',
      'commander',
      'eventsource-parser/stream',
      '@bomb.sh/tab/commander',
      'proper-lockfile',
      'node:*',
    ],
    types: ['api'],
    files: {
      'package/description.ts': ['yaml', 'zod'],
      'package/archive.ts': ['fflate'],
      'programs.ts': ['esbuild'],
      'ferry.mjs': ['tsx/esm/api', 'dist/cli/main.js'],
    },
  },
  console: {
    because: 'The console is a page: it asks the API by HTTP, and sees its types.',
    runs: ['domain', 'eventsource-parser/stream', 'preact', 'preact/hooks', 'uplot', 'uplot/dist/uPlot.min.css'],
    types: ['api'],
    files: { 'vite.config.ts': ['vite', 'node:*'] },
  },
  sandbox: {
    because: 'The sandbox is the other side of the wire: nothing of ours, so that it cannot share our mistakes.',
    runs: [
      'dns-packet',
      'esbuild',
      'express',
      'fflate',
      'jose',
      'oidc-provider',
      'yaml',
      'yauzl',
      'undici',
      'zod',
      'node:*',
    ],
    // How a process dies with us is no side of a wire
    files: { 'runner.ts': ['servers/tether.ts'] },
  },
};
