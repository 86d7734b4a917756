import { tell } from '../issuers/secrets.ts';
import { found } from '../problem.ts';
import { Authority } from './authority.ts';
import { type CertificateFiles, filesOf, keep } from './files.ts';

/** Longer than a world is left alone. */
const DAYS = 90;

type Names = Parameters<Authority['issue']>[1];

/** `trusted: false`: by an authority that nobody here knows. */
export interface Renewal {
  readonly days?: number | undefined;
  readonly trusted?: boolean | undefined;
}

/** Of a world whose peers ask for certificates: one authority, and who has one of it, in files below `folder`. */
export class Certificates {
  readonly #folder: string;
  readonly #trusted: Authority;
  readonly #unknown: Authority;
  readonly #given = new Map<string, Names>();

  static async make(folder: string): Promise<Certificates> {
    const [trusted, unknown] = [await Authority.make('sandbox'), await Authority.make('somebody')];
    tell(filesOf(folder, '').ca, trusted.pem);
    return new Certificates(folder, trusted, unknown);
  }

  private constructor(folder: string, trusted: Authority, unknown: Authority) {
    [this.#folder, this.#trusted, this.#unknown] = [folder, trusted, unknown];
  }

  /** Of `name`, who is reached by these names and addresses. */
  async give(name: string, names: Names = []): Promise<CertificateFiles> {
    this.#given.set(name, names);
    return await this.#issued(name, this.#trusted, DAYS);
  }

  /** A new one in place of that which it has: perhaps ended, or of an authority that nobody here trusts. */
  async renew(name: string, { days = DAYS, trusted = true }: Renewal): Promise<void> {
    found(this.#given.get(name), `certificate of ${name}; there is ${[...this.#given.keys()].join(', ')}`);
    await this.#issued(name, trusted ? this.#trusted : this.#unknown, days);
  }

  async #issued(name: string, authority: Authority, days: number): Promise<CertificateFiles> {
    const files = filesOf(this.#folder, name);
    keep(files, await authority.issue(name, this.#given.get(name), days));
    return files;
  }
}
