import { webcrypto, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecureContext } from 'node:tls';
import { createSecureContext } from 'node:tls';

/** A certificate authority of this local cloud alone. */
export interface Authority {
  /** Its certificate, for clients that are to trust it. */
  readonly certificateFile: string;
  /** Returns what a server of this host name presents, made the first time that it is asked for. */
  contextFor(host: string): Promise<SecureContext>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

/** Certificates kept at the same time; the oldest is made again when it is asked for. */
const mostContexts = 200;

/** A leaf is valid for less than the 398 days that browsers take, and made anew by each process. */
const leafDays = 90;

/** Opens the authority kept in `dir`, made the first time: the certificate may be read by all, its key (mode 0600) by us alone. */
export async function openAuthority(dir: string): Promise<Authority> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const files = { certificate: join(dir, 'ca.pem'), key: join(dir, 'ca-key.pem') };
  if (!(await isUsable(files.certificate, files.key))) await createAuthority(files.certificate, files.key);
  const contexts = new Map<string, Promise<SecureContext>>();
  return {
    certificateFile: files.certificate,
    contextFor: (host) => {
      const known = contexts.get(host);
      if (known) return known;
      const made = issue(files.certificate, files.key, host);
      contexts.set(host, made);
      made.catch(() => contexts.delete(host));
      const [oldest] = contexts.keys();
      if (contexts.size > mostContexts && oldest !== undefined) contexts.delete(oldest);
      return made;
    },
  };
}

/** An authority that was half written, or that ends within a month, is made anew. */
async function isUsable(certificateFile: string, keyFile: string): Promise<boolean> {
  const [certificate, key] = await Promise.all([readText(certificateFile), readText(keyFile)]);
  if (certificate === undefined || key === undefined) return false;
  return new X509Certificate(certificate).validToDate.getTime() - Date.now() > 30 * dayMs;
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** The library takes 20 MB, so it is loaded only where a certificate is made. */
async function loadX509() {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}

async function createAuthority(certificateFile: string, keyFile: string): Promise<void> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=jv-staging local cloud, O=jv-staging',
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 3_650 * dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  // The certificate comes last: where it is, its key is.
  await replace(keyFile, await pemOf(keys.privateKey), 0o600);
  await replace(certificateFile, `${certificate.toString('pem')}\n`, 0o644);
}

async function replace(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.tmp`, text, { mode });
  await chmod(`${path}.tmp`, mode);
  await rename(`${path}.tmp`, path);
}

async function issue(certificateFile: string, keyFile: string, host: string): Promise<SecureContext> {
  const x509 = await loadX509();
  const [authorityPem, keyPem] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
  const authority = new x509.X509Certificate(authorityPem);
  const pkcs8 = x509.PemConverter.decodeFirst(keyPem);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const addresses = host === 'localhost' ? [{ type: 'ip', value: '127.0.0.1' } as const, { type: 'ip', value: '::1' } as const] : [];
  const leaf = await x509.X509CertificateGenerator.create({
    subject: 'CN=jv-staging local cloud',
    issuer: authority.subject,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + leafDays * dayMs),
    signingKey,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }, ...addresses]),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return createSecureContext({ key: await pemOf(keys.privateKey), cert: `${leaf.toString('pem')}\n${authorityPem}` });
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
