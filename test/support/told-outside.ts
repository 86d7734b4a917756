import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '../../configuration/peers.ts';
import type { Operator, Pair } from './pair.ts';

/** Every secret of a client of the sandbox's issuers, and a line of each key and certificate, as they are now. */
export function secretsOf({ folder }: Pair): string[] {
  const pems = filesIn(join(folder, 'certificates')).map((pem) => pem.split('\n')[2] ?? pem);
  return [...filesIn(join(folder, 'secrets')), ...pems];
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));

/** What of an operator's inside was named in whatever crossed the border: nothing, if all is well. */
export async function leaks(pair: Pair, operator: Operator): Promise<string[]> {
  const inside = await insideOf(pair, operator);
  const said = pair.border.crossings.map(({ to, method, path, asked, answered }) => ({
    where: `${method} ${path} of ${to}`,
    // What the other operator names is the other's
    text: to === operator.name ? answered : `${path} ${asked}`,
  }));
  return said.flatMap(({ where, text }) =>
    inside.filter((name) => named(text, name)).map((name) => `${name} in ${where}`),
  );
}

/** Was it named in what crossed the border, by whomever? */
export const crossed = ({ border }: Pair, name: string): boolean =>
  border.crossings.some(({ path, asked, answered }) => named(`${path} ${asked} ${answered}`, name));

const named = (text: string, name: string): boolean =>
  new RegExp(`(?<![\\w-])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`).test(text);

/** Ids of the catalogue, names and addresses of the configuration; less the names of systems, which are shared. */
async function insideOf(pair: Pair, operator: Operator): Promise<string[]> {
  const file = String(operator.environment['FERRY_CONFIG']);
  const configuration = JSON.parse(readFileSync(file, 'utf8')) as Configuration;
  const { peers, networks, systems, sites, applications, users, world } = configuration;
  const rows = await pair.rows<{ id: string }>(
    operator,
    `select id::text from agreement union select id::text from system where agreement is null
      union select id::text from zone where agreement is null`,
  );
  const shown = new Set(Object.keys(systems));
  const zones = Object.values(sites).flatMap((site) => (site.kind === 'mecHost' && site.zone ? [site.zone.id] : []));
  const names = [peers, networks, sites, applications, users ?? {}].flatMap((records) => Object.keys(records));
  const addresses = Object.values(peers).map(({ url }) => new URL(url).hostname);
  const listeners = [operator.environment['FERRY_HOST'], operator.environment['FERRY_OUTER_HOST']];
  const clients = Object.values(systems).flatMap(({ client }) => (client === undefined ? [] : [client]));
  return [
    ...new Set([...names, ...zones, ...addresses, ...listeners, ...clients, world, ...rows.map(({ id }) => id)]),
  ].filter((name): name is string => typeof name === 'string' && name !== '' && !shown.has(name));
}

/** Whatever is on disk of both operators, as text: logs, histories, databases. */
export async function atRest(pair: Pair): Promise<readonly (readonly [where: string, text: string])[]> {
  const files = readdirSync(pair.folder)
    .filter((name) => /^(api|worker|gateway).*\.log$|^temporal\.db(-wal)?$/.test(name))
    .map((name) => [name, readFileSync(join(pair.folder, name), 'latin1')] as const);
  const databases = await Promise.all(
    [pair.a, pair.b].map(async (operator) => {
      const tables = await pair.rows<{ name: string }>(
        operator,
        `select table_name as name from information_schema.tables where table_schema = 'public'`,
      );
      const texts = await Promise.all(
        tables.map(async ({ name }) => {
          const rows = await pair.rows<{ text: string }>(
            operator,
            `select row_to_json(t)::text as text from "${name}" t`,
          );
          return rows.map(({ text }) => text).join('\n');
        }),
      );
      return [`database of ${operator.name}`, texts.join('\n')] as const;
    }),
  );
  return [...files, ...databases];
}
