import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { tell } from '../issuers/secrets.ts';
import type { Issued } from './authority.ts';

/** Beside 8080, which stays for whoever belongs to the world: applications, devices, peers among themselves. */
export const TLS_PORT = 8443;

/** PEM files, as a configuration names them: whom to trust, and who one is. */
export interface CertificateFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export const filesOf = (folder: string, name: string): CertificateFiles => ({
  ca: path.join(folder, 'ca.pem'),
  certificate: path.join(folder, `${name}.pem`),
  key: path.join(folder, `${name}.key`),
});

/** What serves with them: whoever has no certificate of the same authority is not heard. */
export const demanding = ({ ca, certificate, key }: CertificateFiles) => ({
  ca: readFileSync(ca),
  cert: readFileSync(certificate),
  key: readFileSync(key),
  requestCert: true,
  rejectUnauthorized: true,
});

export const areThere = ({ certificate }: CertificateFiles): boolean => existsSync(certificate);

export function keep({ certificate, key }: CertificateFiles, issued: Issued): void {
  tell(key, issued.key);
  tell(certificate, issued.certificate);
}
