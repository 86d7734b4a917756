import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { posix } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * What packages bring and no program of ours asks for. Each start would read, compile and make it: a third of what a start
 * reads were sentences of zod in fifty languages, tables of character sets, types of media that nobody serves.
 */
export const pruned = (messages: Plugin): Plugin[] => [messages, seldomRead, mediaTypes, clientOfHttp];

/** Those that zod takes by itself are elsewhere; the tables lie where npm laid them, for whoever comes to need one. */
const seldomRead: Plugin = {
  name: 'what is seldom read',
  setup: (bundling) => {
    bundling.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({ contents: '' }));
    bundling.onResolve({ filter: /^\.\/tables\/.*\.json$/ }, ({ path, importer }) =>
      /iconv-lite\/encodings\//.test(importer)
        ? { path: posix.join('iconv-lite/encodings', path), external: true }
        : undefined,
    );
  },
};

/** Express sorts all of 2,500 at each start. What is said of a type is kept, and what is shown by browsers. */
const mediaTypes: Plugin = {
  name: 'types of media',
  setup: (bundling) => {
    bundling.onLoad({ filter: /mime-db\/db\.json$/ }, ({ path }) => {
      const all = JSON.parse(readFileSync(path, 'utf8')) as Record<string, { charset?: string; extensions?: string[] }>;
      const kept = Object.entries(all).filter(
        ([type, { charset, extensions }]) => charset !== undefined || (extensions !== undefined && SHOWN.test(type)),
      );
      return { contents: `module.exports = ${parsed(Object.fromEntries(kept))};`, loader: 'js' };
    });
  },
};
const SHOWN = /^(text|image|font)\/|^application\/(octet-stream|json|yaml|xml|xhtml\+xml|wasm|pdf|zip|gzip|x-tar)$/;

/** Of undici we have its client, and none of what else a browser has, or a test of a client. */
const clientOfHttp: Plugin = {
  name: 'the client of HTTP',
  setup: (bundling) => {
    bundling.onResolve({ filter: UNASKED }, ({ path, importer }) =>
      importer.endsWith('undici/index.js') ? { path, namespace: 'unasked of undici' } : undefined,
    );
    bundling.onLoad({ filter: /.*/, namespace: 'unasked of undici' }, () => ({
      contents: 'exports.CacheStorage = class {};', // it makes one, for whoever may ask
    }));
  },
};
const UNASKED =
  /^\.\/lib\/(mock|interceptor|cache|web\/(cache|cookies|websocket|eventsource)|dispatcher\/(socks5|h2c|env))\b/;

/** Read as what it is: as a part of the program it would be compiled, for five times the CPU. */
const parsed = (value: unknown): string => `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;

/** A description of messages, as pbjs writes it (`protobufjs` reads it back). */
interface Description {
  readonly nested?: Readonly<Record<string, Description>>;
}
/** What of a message that was read is needed here. */
interface Reflected {
  readonly fullName: string;
  readonly parent: Reflected | null;
  readonly nestedArray?: readonly Reflected[];
  readonly fieldsArray?: readonly { readonly resolvedType: Reflected | null }[];
  readonly methodsArray?: readonly {
    readonly resolvedRequestType: Reflected;
    readonly resolvedResponseType: Reflected;
  }[];
}
interface Reading {
  readonly Root: { fromJSON(description: Description): { resolveAll(): Reflected } };
}

/**
 * Temporal's messages are described as data, from which each start makes a type of each of 1,200, twice in a worker. Those
 * are left out of which none that is `asked` for says anything, by its full name.
 */
export function messagesOf(asked: (name: string) => boolean): Plugin {
  let made: { contents: string; loader: 'js' } | undefined; // for whatever is built with it
  return {
    name: "Temporal's messages",
    setup: (bundling) => {
      bundling.onLoad({ filter: /@temporalio\/proto\/protos\/json-module\.js$/ }, ({ path }) => {
        made ??= { contents: described(path, asked), loader: 'js' };
        return made;
      });
    },
  };
}

function described(path: string, asked: (name: string) => boolean): string {
  const module = readFileSync(path, 'utf8');
  const [begin, end] = [module.indexOf('{', module.indexOf('.addJSON(')), module.lastIndexOf('});') + 1];
  const all = JSON.parse(module.slice(begin, end)) as Record<string, Description>;
  const { Root } = createRequire(path)('protobufjs/light') as Reading;
  const kept = only(reached(Root.fromJSON({ nested: all }).resolveAll(), asked), all);
  return `${module.slice(0, begin)}${parsed(kept)}${module.slice(end)}`;
}

/** The API of Temporal's own cloud is a quarter of all, and nobody here speaks to it. */
export const allButTheCloud = messagesOf((name) => !name.startsWith('.temporal.api.cloud.'));

/** What comes to workflows, and what they answer. */
export const ofWorkflows = messagesOf((name) =>
  /^\.coresdk\.(workflow_activation\.WorkflowActivation|workflow_completion\.WorkflowActivationCompletion)$/.test(name),
);

/** By their full names: what is asked for, and whatever a field or a method of it leads to. */
function reached(root: Reflected, asked: (name: string) => boolean): ReadonlySet<string> {
  const names = new Set<string>();
  const keep = (one: Reflected): void => {
    if (names.has(one.fullName)) return;
    names.add(one.fullName);
    if (one.parent?.fieldsArray !== undefined) keep(one.parent);
    for (const { resolvedType } of one.fieldsArray ?? []) if (resolvedType !== null) keep(resolvedType);
    for (const method of one.methodsArray ?? [])
      [method.resolvedRequestType, method.resolvedResponseType].forEach(keep);
  };
  const look = (within: Reflected): void => {
    for (const one of within.nestedArray ?? []) {
      if (asked(one.fullName)) keep(one);
      look(one);
    }
  };
  look(root);
  return names;
}

/** Whoever is kept, and whoever has one that is kept within. */
function only(
  names: ReadonlySet<string>,
  nested: Readonly<Record<string, Description>>,
  within = '',
): Record<string, Description> {
  return Object.fromEntries(
    Object.entries(nested).flatMap(([name, one]) => {
      const full = `${within}.${name}`;
      const inside = only(names, one.nested ?? {}, full);
      if (!names.has(full) && Object.keys(inside).length === 0) return [];
      return [[name, one.nested === undefined ? one : { ...one, nested: inside }]];
    }),
  );
}
