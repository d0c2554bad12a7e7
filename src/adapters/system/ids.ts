import { randomBytes } from 'node:crypto';

/** Returns a new secret: 43 random characters (256 bits), safe in addresses and environment files. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Returns `<prefix>_` and a new id that sorts by the time it was made (`nowMs`) and is unique by 50 random bits. */
export function newId(prefix: string, nowMs: number): string {
  // Base 36 with nine digits lasts until the year 5188 and keeps ids in order of time.
  const time = Math.floor(nowMs).toString(36).padStart(9, '0');
  const random = Number.parseInt(randomBytes(7).toString('hex').slice(0, 13), 16).toString(36).padStart(11, '0').slice(-10);
  return `${prefix}_${time}${random}`;
}

/** Returns a word of 16 hex digits that nothing else has. */
export function newMark(): string {
  return randomBytes(8).toString('hex');
}
