// oxlint-disable-next-line import/no-unassigned-import -- what follows needs it, and says so only when it is missing
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Of the authority itself: longer than anything that it issues is used. */
const YEAR_DAYS = 365;

/** In PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** A certification authority, which lives as long as whoever has it. */
export class Authority {
  readonly #name: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #own: x509.X509Certificate;

  static async make(name: string): Promise<Authority> {
    x509.cryptoProvider.set(crypto);
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const own = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + YEAR_DAYS * DAY_MS),
      extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
    });
    return new Authority(name, keys, own);
  }

  private constructor(name: string, keys: webcrypto.CryptoKeyPair, own: x509.X509Certificate) {
    [this.#name, this.#keys, this.#own] = [name, keys, own];
  }

  get pem(): string {
    return this.#own.toString('pem');
  }

  /** `days` from now on; negative: it has ended. */
  async issue(subject: string, names: x509.JsonGeneralNames = [], days = 1): Promise<Issued> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const notAfter = Date.now() + days * DAY_MS;
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${subject}`,
      issuer: `CN=${this.#name}`,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(Math.min(Date.now(), notAfter) - DAY_MS),
      notAfter: new Date(notAfter),
      ...(names.length > 0 && { extensions: [new x509.SubjectAlternativeNameExtension(names)] }),
    });
    const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
    return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
  }
}
