import { describe, expect, test } from 'vitest';
import { stateSealing } from '../../src/adapters/files/sealed.ts';
import { newId, newSecret } from '../../src/adapters/system/ids.ts';

const key = 'k'.repeat(43);
const values = { DATABASE_URL: 'postgresql://canary-value', EMPTY: '', ÜNI: '😀' };

describe('sealed variables', () => {
  test('what was sealed opens again under the same key, and shows nothing of it', () => {
    const sealed = stateSealing(key).seal(values);

    expect(stateSealing(key).open(sealed)).toEqual(values);
    expect(sealed).toMatch(/^jv1(\.[\w-]+){3}$/);
    expect(Buffer.from(sealed.split('.')[3] ?? '', 'base64url').toString('utf8')).not.toContain('canary-value');
  });

  test('the same values are sealed differently each time', () => {
    expect(stateSealing(key).seal(values)).not.toBe(stateSealing(key).seal(values));
  });

  test('another key does not open it', () => {
    expect(() => stateSealing('x'.repeat(43)).open(stateSealing(key).seal(values))).toThrow(
      expect.objectContaining({ kind: 'missing', code: 'STATE_KEY_WRONG' }),
    );
  });

  test('a new key seals, and the former ones open and recognise what they made', () => {
    const [first, second, third] = ['a', 'b', 'c'].map((each) => each.repeat(43));
    const ring = stateSealing(third ?? '', [second ?? '', first ?? '']);
    const made = [first, second].map((each = '') => stateSealing(each));

    expect(made.map((each) => ring.open(each.seal(values)))).toEqual([values, values]);
    expect(made.map((each) => ring.isFingerprintOf('a value', each.fingerprint('a value')))).toEqual([true, true]);
    expect(ring.isFingerprintOf('another', made[0]?.fingerprint('a value') ?? '')).toBe(false);
    expect(stateSealing(third ?? '').open(ring.seal(values))).toEqual(values);
    expect(ring.fingerprint('a value')).toBe(stateSealing(third ?? '').fingerprint('a value'));
    expect(() => stateSealing(first ?? '').open(ring.seal(values))).toThrow(expect.objectContaining({ code: 'STATE_KEY_WRONG' }));
  });

  test('a text that was changed anywhere does not open', () => {
    const sealed = stateSealing(key).seal(values);

    for (let at = 0; at < sealed.length; at += 1) {
      // Not the last digit of a part: base64url may ignore its low bits.
      if (sealed[at + 1] === '.' || at === sealed.length - 1) continue;
      const other = sealed[at] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      expect(() => stateSealing(key).open(changed), `digit ${at}`).toThrow(expect.objectContaining({ code: 'STATE_KEY_WRONG' }));
    }
  });

  test.each(['', 'jv1', 'jv1...', 'jv2.a.b.c', 'jv1.a.b.c.d', '{"A":"1"}'])('%j does not open', (text) => {
    expect(() => stateSealing(key).open(text)).toThrow(expect.objectContaining({ code: 'STATE_KEY_WRONG' }));
  });

  test('a fingerprint is the same for the same value and key, and tells nothing without the key', () => {
    const fingerprint = stateSealing(key).fingerprint('a value');

    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(stateSealing(key).fingerprint('a value')).toBe(fingerprint);
    expect(stateSealing(key).fingerprint('another')).not.toBe(fingerprint);
    expect(stateSealing('x'.repeat(43)).fingerprint('a value')).not.toBe(fingerprint);
  });

  test('a short key is refused, without showing it', () => {
    expect(() => stateSealing('short-key')).toThrow(expect.objectContaining({ kind: 'usage', code: 'STATE_KEY_WEAK' }));
    expect(() => stateSealing('short-key')).not.toThrow(/short-key/);
  });
});

describe('secrets that follow from the key', () => {
  test('are the same for a label each time, and another for another label or key', () => {
    const secrets = [stateSealing(key), stateSealing(key), stateSealing('x'.repeat(43), [key])].map((ring) =>
      ring.secretFor('database of jet-1'),
    );

    expect(secrets[0]).toMatch(/^[\w-]{43}$/);
    expect(secrets[1]).toBe(secrets[0]);
    expect(secrets[2]).not.toBe(secrets[0]);
    expect(stateSealing(key).secretFor('database of jet-2')).not.toBe(secrets[0]);
    expect(stateSealing(key).fingerprint('database of jet-1')).not.toContain(secrets[0]);
  });
});

describe('ids and secrets', () => {
  test('ids sort by time and do not repeat', () => {
    const ids = [1, 1000, 1_700_000_000_000, 1_800_000_000_000, 4_000_000_000_000].map((nowMs) => newId('rel', nowMs));
    const many = new Set(Array.from({ length: 10_000 }, () => newId('rel', 1_800_000_000_000)));

    expect(ids.toSorted()).toEqual(ids);
    expect(many.size).toBe(10_000);
    expect(ids[0]).toMatch(/^rel_[0-9a-z]{19}$/);
  });

  test('secrets are safe in addresses and environment files, and do not repeat', () => {
    const secrets = Array.from({ length: 100 }, () => newSecret());

    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/);
  });
});
