import { basename, delimiter, dirname } from 'node:path';
import type { Said } from './target.ts';

/** So much of an id is shown, and taken for it. */
const SHORT = 8;

/** The end of an id: the random part of its run's. */
export const shortId = (id: string): string => id.slice(-SHORT);

/** What a command is not carried out without. */
const demands: Readonly<Record<string, readonly string[]>> = { recover: ['--accept-lost-writes'] };

/** Commands that are told to be typed: as this one was called, towards the same API. */
export class Hints {
  /** Where it was typed; else whoever types the hint has the same environment. */
  said: Said = {};
  readonly #program: string;

  constructor(argv: readonly string[] = process.argv, environment: NodeJS.ProcessEnv = process.env) {
    this.#program = called(argv[1] ?? '', environment);
  }

  command(...words: readonly string[]): string {
    const { api, context } = words[0] === 'up' ? {} : this.said;
    const to = api !== undefined ? [`--api ${api}`] : context !== undefined ? [`--context ${context}`] : [];
    return [this.#program, ...words, ...to].join(' ');
  }

  about(action: string, id: string): string {
    return this.command(action, shortId(id), ...(demands[action] ?? []));
  }
}

/** `npx` finds it in the checkout alone, from where it was called; a path is found from everywhere. */
function called(script: string, { npm_command: npm, PATH = '' }: NodeJS.ProcessEnv): string {
  const name = basename(script);
  if (name !== 'ferry' && name !== 'ferry.mjs') return 'ferry';
  if (npm !== undefined) return 'npx ferry';
  if (name === 'ferry') return PATH.split(delimiter).includes(dirname(script)) ? name : script;
  return `node ${script.includes(' ') ? `'${script}'` : script}`;
}
