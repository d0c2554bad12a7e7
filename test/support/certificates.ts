import 'reflect-metadata';
import { randomUUID, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

/** A certificate and its key, PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** An authority of a test's own. */
export interface TestAuthority {
  /** Its certificate, PEM: for whoever is to trust it. */
  readonly ca: string;
  /** Returns a certificate for a host name that ends (or ended) in so many days. */
  issue(host: string, days?: number): Promise<ServerCertificate>;
}

/** Makes an authority. */
export async function testAuthority(): Promise<TestAuthority> {
  const keys = await newKeys();
  const authority = await X509CertificateGenerator.createSelfSigned({
    // Of two authorities of the same name the one that is trusted would be asked for the other's signature.
    name: `CN=authority ${randomUUID()}`,
    notBefore: new Date(Date.now() - 30 * dayMs),
    notAfter: new Date(Date.now() + 30 * dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  return { ca: authority.toString('pem'), issue: (host, days = 10) => issue(authority, keys.privateKey, { host, days }) };
}

async function issue(
  authority: X509Certificate,
  signingKey: webcrypto.CryptoKey,
  { host, days }: { readonly host: string; readonly days: number },
): Promise<ServerCertificate> {
  const keys = await newKeys();
  const leaf = await X509CertificateGenerator.create({
    subject: `CN=${host}`,
    issuer: authority.subject,
    notBefore: new Date(Date.now() - 20 * dayMs),
    notAfter: new Date(Date.now() + days * dayMs),
    signingKey,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), PemConverter.PrivateKeyTag);
  return { key, cert: leaf.toString('pem') };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
