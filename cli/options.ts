import { InvalidArgumentError } from 'commander';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { IDEMPOTENCY_KEY } from '../domain/identity.ts';
import { INSTANT_EXAMPLE, instantTyped } from '../domain/instant.ts';
import type { Stream } from './terminal.ts';

/** How what is typed after an option is read. */
export const integer =
  (from: number, to: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to)
      throw new InvalidArgumentError(`A whole number from ${from} to ${to}.`);
    return value;
  };

/** The file of a package; `packaging` tells how one is made of a folder. Looked at before anything is started. */
export const packageFile =
  (packaging: (folder: string) => string) =>
  (file: string): string => {
    const kind = statSync(file, { throwIfNoEntry: false });
    if (kind === undefined)
      throw new InvalidArgumentError(`There is no such file: make one with ${packaging('<folder>')}`);
    if (kind.isDirectory()) throw new InvalidArgumentError(`It is a folder: package it first: ${packaging(file)}`);
    if (!begins(file, 'PK'))
      throw new InvalidArgumentError(`It is no package (a ZIP archive): make one with ${packaging('<folder>')}`);
    return file;
  };

function begins(file: string, text: string): boolean {
  const [opened, first] = [openSync(file, 'r'), Buffer.alloc(text.length)];
  readSync(opened, first);
  closeSync(opened);
  return first.toString() === text;
}

/** An instant in UTC; one that was typed without its offset is said to have been taken for local time. */
export const instant =
  (stderr: Stream) =>
  (text: string): string => {
    const typed = instantTyped(text);
    if (typed === undefined)
      throw new InvalidArgumentError(
        `An instant with its offset, such as ${INSTANT_EXAMPLE}; or local time, such as ${INSTANT_EXAMPLE.slice(0, 19)}.`,
      );
    if (typed.local) stderr.write(`${text} is local time: ${typed.instant}\n`);
    return typed.instant;
  };

/** A place on the earth, as maps write it. */
export function place(text: string): { readonly lat: number; readonly lon: number } {
  const [, lat = '', lon = ''] = /^(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)$/.exec(text) ?? [];
  if (lat === '' || Math.abs(Number(lat)) > 90 || Math.abs(Number(lon)) > 180)
    throw new InvalidArgumentError('Latitude and longitude in degrees, such as 48.14,11.58.');
  return { lat: Number(lat), lon: Number(lon) };
}

/** As the API takes it. */
export function idempotencyKey(text: string): string {
  if (!IDEMPOTENCY_KEY.test(text)) throw new InvalidArgumentError('1 to 200 visible ASCII characters.');
  return text;
}
