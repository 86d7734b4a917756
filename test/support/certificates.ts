import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Authority } from '../../sandbox/certificates/authority.ts';

/** What an authority has issued, as PEM files of a test, below a folder that ends with it. */
export class Certificates {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'ferry-certificates-'));
  readonly authority: Authority;

  static async of(name: string): Promise<Certificates> {
    return new Certificates(await Authority.make(name));
  }

  private constructor(authority: Authority) {
    this.authority = authority;
  }

  /** Its path. */
  file(name: string, text: string): string {
    const file = path.join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
