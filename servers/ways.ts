import { chmod, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onPath, type Say } from './cache.ts';
import { run } from './program.ts';

/** A way to make an executable that is nowhere yet. */
export interface Way {
  readonly title: string;
  /** Its folder in the cache, and the executable in it. */
  readonly entry: string;
  readonly program: string;
  /** Fills the folder. Throws an Error that says why it could not. */
  make(folder: string, say: Say): Promise<void>;
  readonly remedy: string;
}

/** The newest tag that `go install` accepts: later ones carry a `replace` directive. */
const CLI_VERSION = 'v1.5.1';
const TEST_SERVER_VERSION = '1.38.0';

/** In a process of its own: the native part cannot be stopped when the network swallows everything. */
export const byDownload = (server: 'cli' | 'testServer', program: string): Way => ({
  title: "the SDK's own download",
  entry: `${program}-download`,
  program,
  remedy: 'allow this machine to reach temporal.download',
  make: async (folder, say) => {
    const [, suffix = ''] = /(\.[jt]s)$/.exec(import.meta.url) ?? []; // as built, or as source
    const script = fileURLToPath(new URL(`../servers/download${suffix}`, import.meta.url));
    await run(
      'downloading',
      {
        program: process.execPath,
        args: [...(script.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []), script, server, folder],
        limitMs: 120_000,
      },
      say,
    );
    const [file] = await readdir(folder);
    if (file === undefined) throw new Error('nothing was downloaded');
    await rename(join(folder, file), join(folder, program));
    await chmod(join(folder, program), 0o755);
  },
});

export const byGo: Way = {
  title: `go install github.com/temporalio/cli/cmd/temporal@${CLI_VERSION} (1 to 5 minutes, once)`,
  entry: `temporal-${CLI_VERSION}`,
  program: 'temporal',
  remedy: 'install Go (https://go.dev/dl), or the Temporal CLI (https://docs.temporal.io/cli) so that it is on PATH',
  make: async (folder, say) => {
    const go = await onPath('go');
    if (go === undefined) throw new Error('there is no go on PATH');
    await run(
      'building the Temporal CLI',
      {
        program: go,
        args: ['install', `github.com/temporalio/cli/cmd/temporal@${CLI_VERSION}`],
        environment: { GOBIN: folder },
        limitMs: 20 * 60_000,
      },
      say,
    );
  },
};

export const byMaven: Way = {
  title: `Maven: io.temporal:temporal-test-server:${TEST_SERVER_VERSION} (about 15 s, once)`,
  entry: `temporal-test-server-${TEST_SERVER_VERSION}`,
  program: 'temporal-test-server',
  remedy: 'install a JDK 17 or later and Maven',
  make: async (folder, say) => {
    const [maven, java] = [await onPath('mvn'), await onPath('java')];
    if (maven === undefined || java === undefined)
      throw new Error(`there is no ${maven === undefined ? 'mvn' : 'java'} on PATH`);
    await writeFile(join(folder, 'pom.xml'), pom);
    await run(
      'fetching the test server',
      {
        program: maven,
        args: ['-B', '-q', '-f', join(folder, 'pom.xml'), 'dependency:copy-dependencies', '-DoutputDirectory=lib'],
        limitMs: 5 * 60_000,
      },
      say,
    );
    await writeFile(join(folder, 'temporal-test-server'), script, { mode: 0o755 });
  },
};

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ferry</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${TEST_SERVER_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/** Called as `<path> <port>`; quick to start rather than quick for long. */
const script = `#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
`;
