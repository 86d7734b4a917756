import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Planted {
  readonly file: string;
  readonly source: string;
}

const oxlint = fileURLToPath(new URL('../../node_modules/.bin/oxlint', import.meta.url));

/** Those that oxlint objects to, with the project's own rules, when they are planted all at once. */
export function objectedTo(rc: string, planted: readonly Planted[]): readonly Planted[] {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-fences-'));
  try {
    writeFileSync(join(folder, '.oxlintrc.json'), rc);
    // One file each, so that an answer names the one that it is about.
    const at = planted.map(({ file, source }, number) => {
      const path = file.replace('planted', `planted${number}`);
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), source);
      return path;
    });
    const { stdout } = spawnSync(oxlint, ['--format', 'json', '.'], { cwd: folder, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
    const about = diagnostics.filter(({ code }) => code.includes('no-restricted-imports'));
    return planted.filter((_, number) => about.some(({ filename }) => filename === at[number]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
