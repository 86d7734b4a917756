import { readFileSync } from 'node:fs';
import { buildConnector } from 'undici';
import { failure } from '../activities/failure.ts';

/** PEM files: whose certificates we trust, and who we are. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

/** The files are read for each connection: a renewed certificate is taken, and no connection outlives its agent. */
export const secured =
  (peer: string, { ca, certificate, key, serverName }: TlsFiles): buildConnector.connector =>
  (options, done) => {
    try {
      const connector = buildConnector({
        ...(ca !== undefined && { ca: contentOf(peer, 'the CA', ca) }),
        ...(certificate !== undefined && { cert: contentOf(peer, 'our certificate', certificate) }),
        ...(key !== undefined && { key: contentOf(peer, 'our key', key) }),
      });
      connector({ ...options, ...(serverName !== undefined && { servername: serverName }) }, done);
    } catch (error) {
      done(error as Error, null);
    }
  };

function contentOf(peer: string, what: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw failure('PeerUnavailable', `${peer}: ${what} cannot be read (${code}): put it where the configuration says`);
  }
}

/** What is wrong between two who do not trust each other; undefined: that is not it. */
export function mistrust(code: string): string | undefined {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `shows a certificate for another name (${code}): name that in "tls", as "serverName"`;
  if (/^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code))
    return `shows a certificate that is not trusted (${code}): name its CA in "tls"`;
  if (/^ERR_SSL_.*ALERT/.test(code)) return `does not trust our certificate (${code}): name one that it knows in "tls"`;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO')
    return `speaks no TLS there (${code}): is its URL right?`;
  return undefined;
}
