import { join } from 'node:path';
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair, importPKCS8, SignJWT, type CryptoKey, type JWK } from 'jose';
import { readJson, writeJson } from '../json-file.ts';

/** The key that an instance signs its session tokens with. */
export interface SigningKey {
  /** The answer of `/v1/jwks`. */
  keySet(): Promise<{ readonly keys: readonly JWK[] }>;
  /** Signs a session token. `atS` and `expiresInS` are seconds. */
  sign(claims: Readonly<Record<string, unknown>>, times: { readonly atS: number; readonly expiresInS: number }): Promise<string>;
}

interface Kept {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly jwk: JWK;
}

/** Returns the instance's key, made when it is first needed and kept then: making one takes a tenth of a second. */
export function openSigningKey(stateDir: string, keyId: string): SigningKey {
  const path = join(stateDir, 'signing-key.json');
  const make = async (): Promise<Kept> => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), use: 'sig', kid: keyId, alg: 'RS256' };
    const made = { privateKey: await exportPKCS8(privateKey), publicKey: await exportSPKI(publicKey), jwk };
    await writeJson(path, made);
    return made;
  };
  const opened: { kept?: Promise<Kept>; key?: Promise<CryptoKey> } = {};
  const kept = () => (opened.kept ??= readJson<Kept>(path).then((known) => known ?? make()));
  return {
    keySet: async () => ({ keys: [(await kept()).jwk] }),
    sign: async (claims, { atS, expiresInS }) => {
      const key = await (opened.key ??= kept().then(({ privateKey }) => importPKCS8(privateKey, 'RS256')));
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: keyId, typ: 'JWT' })
        .setIssuedAt(atS)
        .setNotBefore(atS - 10)
        .setExpirationTime(atS + expiresInS)
        .sign(key);
    },
  };
}
