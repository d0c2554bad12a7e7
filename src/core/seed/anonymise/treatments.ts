import type { Vocabulary } from '../volume/story.ts';

/**
 * What becomes of a column's values: kept as they are, left out (the column gets its default), replaced by a keyed pseudonym, or by made-up words
 * of a kind. The same value has the same replacement wherever it stands, so that joins hold.
 */
export const treatments = ['keep', 'drop', 'pseudonym', 'name', 'email', 'phone', 'company'] as const;

/** What becomes of a column's values. */
export type Treatment = (typeof treatments)[number];

/** Returns the keyed digest of a text: hex, at least 32 digits. */
export type KeyedDigest = (text: string) => string;

/** Returns the replacement for a value of this type; null and the empty text stay. `drop` has none: the column is left out. */
export function treat(
  value: string | null,
  treatment: Exclude<Treatment, 'drop'>,
  type: string,
  { digest, vocabulary }: { readonly digest: KeyedDigest; readonly vocabulary: Vocabulary },
): string | null {
  if (value === null || value === '' || treatment === 'keep') return value;
  const hex = digest(value);
  const nth = (words: readonly string[], at: number) => words[Number.parseInt(hex.slice(at, at + 8), 16) % words.length] ?? '';
  switch (treatment) {
    case 'pseudonym':
      return pseudonymOf(value, type, digest);
    case 'email':
      return `user-${hex.slice(0, 16)}@example.test`;
    case 'phone':
      // No country has the calling code 999.
      return `+999-${(BigInt(`0x${hex.slice(0, 12)}`) % 10_000_000_000n).toString().padStart(10, '0')}`;
    case 'name':
      return `${nth(vocabulary.firstNames, 0)} ${nth(vocabulary.lastNames, 8)} ${hex.slice(16, 22)}`;
    case 'company':
      return `${nth(vocabulary.operators, 0)} ${hex.slice(16, 22)}`;
  }
}

/** Returns true when a column of this type can be treated so. */
export function isTreatable(type: string, treatment: Treatment): boolean {
  if (treatment === 'keep' || treatment === 'drop') return true;
  if (isText(type)) return true;
  return treatment === 'pseudonym' && ['json', 'jsonb', 'bytea', 'uuid'].includes(type);
}

function isText(type: string): boolean {
  return /^(text|citext|character varying|character|bpchar|name)(\(\d+\))?$/.test(type);
}

function pseudonymOf(value: string, type: string, digest: KeyedDigest): string {
  const hex = digest(value);
  switch (type) {
    case 'json':
    case 'jsonb':
      return JSON.stringify(pseudonymJson(JSON.parse(value), digest));
    case 'bytea':
      return `\\x${hex.slice(0, 32)}`;
    case 'uuid':
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(12, 15)}-8${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
    default:
      return `p-${hex.slice(0, 16)}`;
  }
}

/** Names of fields, truth values and null stay; texts and numbers are replaced. */
function pseudonymJson(value: unknown, digest: KeyedDigest): unknown {
  if (typeof value === 'string') return value === '' ? value : `p-${digest(value).slice(0, 16)}`;
  if (typeof value === 'number') return Number.parseInt(digest(String(value)).slice(0, 6), 16);
  if (Array.isArray(value)) return value.map((each) => pseudonymJson(each, digest));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, pseudonymJson(each, digest)]));
}
