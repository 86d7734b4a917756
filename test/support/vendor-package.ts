import { type Zippable, zipSync } from 'fflate';
import { digestOf } from '../../sandbox/packages.ts';
import { descriptor } from './small-application.ts';

export const IMAGE = 'Artifacts/app.mjs';
export const appD = { ...descriptor, swImageDescriptor: [{ id: 'app', swImage: IMAGE }] };

/** A package by other tools than ours, from the same standards. */
export interface Vendor {
  readonly files?: Readonly<Record<string, string>>;
  readonly meta?: string | null;
  readonly manifest?: string;
  readonly algorithm?: string;
  /** Before the entries, and behind them. */
  readonly before?: string;
  readonly behind?: string;
  /** Files that are no texts. */
  readonly bytes?: Readonly<Record<string, Uint8Array>>;
  readonly unlisted?: Readonly<Record<string, string>>;
}

export const META = 'TOSCA-Meta-File-Version: 1.0\nCSAR-Version: 1.1\nCreated-By: A Vendor\n';

export function vendorArchive(vendor: Vendor = {}): Buffer {
  const { algorithm = 'SHA-256', before = '', behind = '', bytes = {}, manifest = 'app.mf', unlisted = {} } = vendor;
  const { meta = `${META}Entry-Definitions: Definitions/appd.json\nETSI-Entry-Manifest: ${manifest}\n` } = vendor;
  const files = { [IMAGE]: 'export {}', 'Definitions/appd.json': JSON.stringify(appD), ...vendor.files };
  const kept = Object.entries(files).filter(([, text]) => text !== '');
  const entries = [...kept, ...Object.entries(bytes)].map(
    ([path, is]) => `Source: ${path}\nAlgorithm: ${algorithm}\nHash: ${digestOf({ algorithm }, Buffer.from(is))}\n`,
  );
  const all = {
    ...Object.fromEntries(kept),
    ...(meta !== null && { 'TOSCA-Metadata/TOSCA.meta': meta }),
    ...unlisted,
    [manifest]: `${before}${entries.join('\n')}${behind}`,
  };
  const texts = Object.entries(all).map(([path, text]) => [path, Buffer.from(text)] as const);
  return zipped({ ...Object.fromEntries(texts), ...bytes });
}

export const zipped = (files: Zippable): Buffer => Buffer.from(zipSync(files, { level: 6 }));
