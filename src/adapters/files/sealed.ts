import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { Sealing } from '../../core/ports/secret-file.ts';

/** Fewest characters of a state key: 32 of base64url are 192 bits. */
const minKeyLength = 32;

const valuesSchema = z.record(z.string(), z.string());

/** Version of the sealed form; part of what is authenticated. */
const form = 'jv1';

/**
 * Returns fingerprints (HMAC-SHA256) and sealed snapshots (AES-256-GCM, `jv1.<nonce>.<tag>.<text>`, base64url) under the state key; each
 * use has a key of its own, derived from it by HKDF-SHA256. `former` are the keys before it, newest first: they recognise and open, and
 * nothing new is made with them. Throws `STATE_KEY_WEAK` (kind `usage`) for a short key.
 */
export function stateSealing(stateKey: string, former: readonly string[] = []): Sealing {
  if (stateKey.length < minKeyLength) {
    throw new StagingError(
      'usage',
      'STATE_KEY_WEAK',
      `JV_STATE_KEY has ${stateKey.length} characters, expected at least ${minKeyLength}.`,
      {
        fix: 'Remove JV_STATE_KEY and run `jv-staging provision`: it generates one and writes it to .env.staging.',
      },
    );
  }
  const fingerprintKey = derive(stateKey, 'fingerprint');
  const snapshotKey = derive(stateKey, 'snapshot');
  const formerPrints = former.map((key) => derive(key, 'fingerprint'));
  const formerSnapshots = former.map((key) => derive(key, 'snapshot'));
  return {
    fingerprint: (value) => fingerprint(fingerprintKey, value),
    isFingerprintOf: (value, print) => [fingerprintKey, ...formerPrints].some((key) => fingerprint(key, value) === print),
    secretFor: (label) => createHmac('sha256', derive(stateKey, 'secret')).update(label).digest('base64url'),
    seal: (values) => seal(snapshotKey, JSON.stringify(values)),
    open: (sealed) => openWithAny([snapshotKey, ...formerSnapshots], sealed),
  };
}

/** Returns the fingerprint of a value without a key (SHA-256, hex): for secrets too long to be guessed, where the key is not at hand. */
export function plainFingerprint(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

function fingerprint(key: Buffer, value: string): string {
  return createHmac('sha256', key).update(value).digest('hex');
}

function derive(stateKey: string, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', stateKey, '', `jv-staging ${form} ${use}`, 32));
}

function seal(key: Buffer, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(form));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return [form, ...[nonce, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'))].join('.');
}

/** The tag tells whether a key is the right one: what none opens was sealed with another, or changed. */
function openWithAny(keys: readonly Buffer[], sealed: string): Readonly<Record<string, string>> {
  let wrong: unknown;
  for (const key of keys) {
    try {
      return open(key, sealed);
    } catch (error) {
      wrong = error;
    }
  }
  throw wrong;
}

function open(key: Buffer, sealed: string): Readonly<Record<string, string>> {
  const [version, nonce, tag, text, ...rest] = sealed.split('.');
  if (version !== form || nonce === undefined || tag === undefined || text === undefined || rest.length > 0) throw wrongKey();
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(form)).setAuthTag(Buffer.from(tag, 'base64url'));
    const plain = Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]);
    return valuesSchema.parse(JSON.parse(plain.toString('utf8')));
  } catch (error) {
    throw wrongKey(error);
  }
}

function wrongKey(cause?: unknown): StagingError {
  return new StagingError(
    'missing',
    'STATE_KEY_WRONG',
    'The sealed variables cannot be opened: JV_STATE_KEY is not the key that sealed them, or they were changed.',
    {
      fix: 'Set JV_STATE_KEY to the environment’s key of today (.env.staging of whoever rotated it last, or the CI secret); a former one goes into JV_STATE_KEY_PREVIOUS.',
      cause,
    },
  );
}
