import { type Environment, readEnvironment, workerSecret } from './environment.ts';
import type { Federation } from './federation.ts';
import { type Configuration, readConfiguration } from './peers.ts';

/** What a program is started with. */
export interface Settings {
  readonly environment: Environment;
  readonly configuration: Configuration;
}

export interface WorkerSettings extends Settings {
  readonly secret: string;
}

/** Throws an Error whose message lists every mistake of the environment and of the configuration file. */
export function apiSettings(variables: NodeJS.ProcessEnv = process.env): Settings {
  const [environment, configuration] = all(
    () => readEnvironment(variables),
    () => configurationNamedIn(variables),
  );
  return withCatalogue({ environment, configuration });
}

/** The same for a worker, which needs more. */
export function workerSettings(variables: NodeJS.ProcessEnv = process.env): WorkerSettings {
  const [environment, secret, configuration] = all(
    () => readEnvironment(variables),
    () => workerSecret(variables),
    () => configurationNamedIn(variables),
  );
  return withCatalogue({ environment, secret, configuration });
}

export interface GatewaySettings extends Settings {
  readonly federation: Federation;
  readonly gateway: NonNullable<Federation['gateway']>;
}

/** The same for a gateway, which has nothing to do without a federation. */
export function gatewaySettings(variables: NodeJS.ProcessEnv = process.env): GatewaySettings {
  const settings = apiSettings(variables);
  const { federation } = settings.configuration;
  if (federation?.gateway === undefined)
    throw new Error('the configuration has no federation.gateway, where it says how the gateway is reached: add it');
  return { ...settings, federation, gateway: federation.gateway };
}

/** What a federator knows has to be somewhere. */
function withCatalogue<S extends Settings>(settings: S): S {
  if (settings.configuration.federation !== undefined && settings.environment.DATABASE_URL === undefined)
    throw new Error(
      'the configuration has a federation, whose catalogue is a PostgreSQL database: set DATABASE_URL, such as postgres://ferry@db.example/ferry',
    );
  return settings;
}

/** For the entry of a program: the mistake of whoever starts it is told in words, without a stack. */
export function orExit<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return process.exit(1);
  }
}

/** Where no file is named the environment has said so. */
const configurationNamedIn = ({ FERRY_CONFIG = '' }: NodeJS.ProcessEnv): Configuration =>
  FERRY_CONFIG === '' ? (undefined as never) : readConfiguration(FERRY_CONFIG);

/** Reads all of them, whatever one of them says. */
function all<T extends readonly unknown[]>(...reads: { [At in keyof T]: () => T[At] }): T {
  const mistakes: string[] = [];
  const read = reads.map((each) => {
    try {
      return each();
    } catch (error) {
      mistakes.push((error as Error).message);
      return undefined;
    }
  });
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  return read as unknown as T;
}
