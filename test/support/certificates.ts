import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Authority, type Issued } from '../../sandbox/certificates/authority.ts';

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

  /** Their paths: of a certificate, and its key. */
  pair(name: string, { certificate, key }: Issued): Issued {
    return { certificate: this.file(`${name}.pem`, certificate), key: this.file(`${name}.key`, key) };
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
