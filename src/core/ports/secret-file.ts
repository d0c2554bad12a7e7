/**
 * The environment file (`.env.staging`, mode 0600, git-ignored) that keeps what the tool generated and learnt: passwords before
 * the resources that use them are created, keys after.
 */
export interface SecretFile {
  /** Absolute path, for messages. */
  readonly path: string;
  /** Returns the value of a line, or undefined. */
  read(name: string): Promise<string | undefined>;
  /** Adds or replaces lines, keeps all others, and returns once the file is synced to disk. */
  write(values: Readonly<Record<string, string>>): Promise<void>;
}

/** Fingerprints and sealed values under a ring of keys: the newest seals, the former ones still open. No key leaves the adapter. */
export interface Sealing {
  /** Returns the keyed fingerprint (HMAC-SHA256, hex) of a value, under the newest key. */
  fingerprint(value: string): string;
  /** Returns true when this is the value's fingerprint under any key of the ring. */
  isFingerprintOf(value: string, fingerprint: string): boolean;
  /** Returns a secret of 43 characters that only holders of the newest key can tell; the same label gives the same one each time. */
  secretFor(label: string): string;
  /** Returns the values encrypted (AES-256-GCM) under the newest key as one printable text. */
  seal(values: Readonly<Record<string, string>>): string;
  /** Returns the values of a sealed text; throws `STATE_KEY_WRONG` (kind `missing`) when no key of the ring opens it. */
  open(sealed: string): Readonly<Record<string, string>>;
}
