import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buildConnector } from 'undici';
import { failure } from '../activities/failure.ts';
import { isFailureType } from '../domain/failures.ts';
import { scrubbed } from './scrubbed.ts';

/** PEM files: whose certificates we trust, and who we are. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

/** The files are read for each connection: a renewed certificate is taken, and no connection outlives its agent. */
export const secured =
  (peer: string, files: TlsFiles, bounds: { readonly timeout?: number } = {}): buildConnector.connector =>
  (options, done) => {
    try {
      const { serverName } = files;
      const connector = buildConnector({ ...bounds, ...trusted(peer, files), ...shown(peer, files) });
      connector({ ...options, ...(serverName !== undefined && { servername: serverName }) }, done);
    } catch (error) {
      done(error as Error, null);
    }
  };

function trusted(peer: string, { ca: file }: TlsFiles): { ca?: Buffer } {
  if (file === undefined) return {};
  const ca = contentOf(peer, 'the CA', file);
  certificateIn(peer, 'the CA', ca); // what is none would trust nobody, and not say so
  return { ca };
}

/** While one pair replaces another the two files may be of both. */
function shown(peer: string, { certificate, key }: TlsFiles): { cert?: Buffer; key?: Buffer } {
  if (certificate === undefined || key === undefined) return {};
  const ours = { cert: contentOf(peer, 'our certificate', certificate), key: contentOf(peer, 'our key', key) };
  if (!certificateIn(peer, 'our certificate', ours.cert).checkPrivateKey(keyIn(peer, ours.key)))
    throw unusable(peer, 'our key is not that of our certificate: put the two of one pair');
  return ours;
}

const unusable = (peer: string, what: string): Error =>
  failure('PeerUnavailable', `${peer}: ${what} where the configuration says`);

function contentOf(peer: string, what: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unusable(peer, `${what} cannot be read (${code}): put it`);
  }
}

function certificateIn(peer: string, what: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw unusable(peer, `${what} is no certificate in PEM: put one`);
  }
}

function keyIn(peer: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw unusable(peer, 'our key is none in PEM, or needs a passphrase: put one');
  }
}

/** Whom we asked, as far as that matters here. `tlsMember`: what the configuration calls its `tls`. */
interface Asked {
  readonly tls?: TlsFiles | undefined;
  readonly tlsMember?: string;
}

/** What is wrong between two who do not trust each other; undefined: that is not it. */
export function mistrust(error: Error, { tls, tlsMember = 'tls' }: Asked): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return otherName(error, tls, tlsMember);
  if (code === 'CERT_HAS_EXPIRED')
    return `shows a certificate that has ended (${code}): have it renewed there, unless our clock is wrong`;
  if (code === 'CERT_NOT_YET_VALID')
    return `shows a certificate that does not hold yet (${code}): is our clock right, and theirs?`;
  if (isUntrusted(code))
    return tls?.ca === undefined
      ? `shows a certificate that is not trusted (${code}): name its CA in "${tlsMember}", as "ca"`
      : `shows a certificate of another CA than that which "${tlsMember}" names (${code}): put that one there`;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO')
    return `speaks no TLS there (${code}): is its URL right?`;
  if (/^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/.test(code))
    return `does not take our certificate (${code}): ${oursSeen(tls, tlsMember)}`;
  if (/^ERR_SSL_.*ALERT/.test(code)) return `speaks another TLS than we do (${code}): 1.2 or 1.3 is needed`;
  // All that is heard with TLS 1.3 of who closes at once: the connection was there, and ended
  if (tls !== undefined && ENDED.has(code))
    return `ended the connection (${code}). If that lasts: ${oursSeen(tls, tlsMember)}`;
  return undefined;
}

/** Likewise as a whole sentence, of whatever became of a connection to `peer`: also where our files are not right. */
export function distrust(peer: string, error: Error & { readonly type?: unknown }, asked: Asked): string | undefined {
  if (isFailureType(error.type)) return error.message;
  const why = mistrust(error, asked);
  return why === undefined ? undefined : `${peer} ${why}`;
}

/** Its certificate was looked at, and not taken. */
export const isUntrusted = (code: string): boolean => /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code);

const ENDED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

interface MisnamedError extends Error {
  readonly cert?: { readonly subjectaltname?: string };
}

/** Names only: addresses are told to nobody. */
function otherName({ cert }: MisnamedError, tls: TlsFiles | undefined, tlsMember: string): string {
  const names = [...(cert?.subjectaltname ?? '').matchAll(/DNS:([^,]+)/g)].map(([, name]) => name).join(', ');
  const [seen, expected] = [names === '' ? 'another name' : scrubbed(names), tls?.serverName ?? 'the host of its url'];
  const told = `shows a certificate for ${seen}, and not for ${expected} (ERR_TLS_CERT_ALTNAME_INVALID)`;
  return `${told}: where that is the right one, name it in "${tlsMember}", as "serverName"`;
}

/** What we show, and what may be wrong with it. */
function oursSeen({ certificate }: TlsFiles = {}, tlsMember: string): string {
  if (certificate === undefined)
    return `it may ask for a certificate, and we have none for it: name one in "${tlsMember}"`;
  try {
    const { subject, issuer, validTo } = new X509Certificate(readFileSync(certificate));
    const ours = `ours (${commonName(subject)}, of ${commonName(issuer)})`;
    const until = new Date(validTo).toISOString();
    if (Date.parse(validTo) < Date.now()) return `${ours} ended at ${until}: put a renewed one there`;
    return `it may not trust ${ours}, good until ${until}: have its CA named there, or put one that it knows`;
  } catch {
    return 'ours cannot be read: put it where the configuration says';
  }
}

const commonName = (distinguished: string): string => scrubbed(/^CN=(.*)$/m.exec(distinguished)?.[1] ?? distinguished);
