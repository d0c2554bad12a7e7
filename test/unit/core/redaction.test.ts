import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRedactor, escapeControl, mapTexts } from '../../../src/core/redaction.ts';

/** 20 canaries in the shapes that our secrets have. None of them is real. */
const canaries: readonly string[] = [
  'canary-plain-secret',
  'kanarie mit leer & zeichen',
  'p@ss:w/rd?#%+=&',
  'quo"te\\back\'slash',
  'zwölf-Boxkämpfer-jagen',
  '日本語のパスワード',
  '🔑🔑🔑-emoji-key',
  'vercelTokenAbcdef0123456789',
  'sbp_0123456789abcdef0123456789abcdef01234567',
  'sb_secret_AbCdEf-0123456789_xyz',
  'jvlocal_0f3c55aa9912',
  'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZSJ9.c2lnbmF0dXJlLWNhbmFyeQ',
  'AXgkASQgNjE2ZjYxMjQtMzE1Yy00',
  'https://hooks.slack.example/services/T00/B00/canary',
  'postgresql://postgres.ref:db-pass-canary@pooler.example:6543/postgres',
  'rediss://default:redis-pass-canary@eu1.upstash.example:6379',
  '0123456789abcdef0123456789abcdef',
  '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nq83vEjRWeJCrze8SNFZ4kKvN\n-----END KEY-----',
  'tab\tand\u0001control',
  'sixsix',
];

/** What a leak of a secret looks like in its encodings, made here by Node's own means. */
function encodings(secret: string): readonly string[] {
  const base64 = Buffer.from(secret).toString('base64');
  return [
    secret,
    base64,
    Buffer.from(secret).toString('base64url'),
    Buffer.from(base64).toString('base64'),
    encodeURIComponent(secret),
    encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase()),
    new URLSearchParams({ v: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  ];
}

describe('createRedactor', () => {
  const redact = createRedactor(canaries);

  it.each(canaries)('masks %j and its encodings anywhere in a text', (canary) => {
    for (const form of encodings(canary)) {
      const shown = redact(`before ${form} after`);

      expect(shown).not.toContain(form);
      expect(shown).toMatch(/^before .*after$/s);
    }
  });

  it.each(canaries)('masks %j inside longer base64, wherever it begins', (canary) => {
    for (const before of ['', 'a', 'ab', 'user:', 'somebody:']) {
      const shown = redact(`Basic-ish ${Buffer.from(`${before}${canary}, and more`).toString('base64')}.`);

      expect(Buffer.from(shown.replace(/^Basic-ish /, ''), 'base64').toString()).not.toContain(canary);
    }
  });

  it('leaves no part behind where secrets overlap', () => {
    const both = createRedactor(['abcdefgh', 'efghijkl']);

    expect(both('x abcdefghijkl y')).toBe('x *** y');
  });

  it('masks any secret of 6 characters and more in any surroundings', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: 'grapheme' }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!/^\**$/.test(secret) && !'***'.includes(secret));
        const shown = createRedactor([secret])(`${before}${secret}${after}`);
        expect(shown).toContain('***');
        expect(shown.split('***').join('\n')).not.toContain(secret);
      }),
    );
  });

  it('masks any secret inside any base64 text around it', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        (secret, before, after) => {
          const around = Buffer.concat([before, Buffer.from(secret), after]).toString('base64');
          expect(createRedactor([secret])(around)).toContain('***');
        },
      ),
    );
  });

  it('leaves texts without a secret as they are', () => {
    const text = 'Lighthouse score of /dashboard (desktop): 91, p95 186 ms at http://127.0.0.1:3000/a?b=c#d, commit 4f1c2ab9d03e55.';

    expect(redact(text)).toBe(text);
  });

  it('ignores values shorter than 6 characters', () => {
    expect(createRedactor(['green', ''])('the run is green')).toBe('the run is green');
  });

  it.each([
    ['postgres://user:hunter22@db.example/app', 'postgres://user:***@db.example/app'],
    ['redis://:hunter22@host:6379', 'redis://:***@host:6379'],
    ['postgres://u:with@at@host/db', 'postgres://u:***@host/db'],
    ['authorization: Bearer abcdef123456', 'authorization: Bearer ***'],
    ['token sbp_0123456789abcdef0123456789abcdef01234567.', 'token ***.'],
    ['key=sb_secret_abcdefgh', 'key=***'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_9', 'jwt ***'],
    ['cookie=x%20eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', 'cookie=x%20***'],
    ['GET /?token=abcdef&page=2', 'GET /?token=***&page=2'],
  ])('masks the token shape in %j without knowing the value', (text, shown) => {
    expect(createRedactor([])(text)).toBe(shown);
  });

  it('does not take a port and a later @ for a password', () => {
    const text = 'http://127.0.0.1:3000/users?mail=a@b.test';

    expect(createRedactor([])(text)).toBe(text);
  });

  it('takes a time that grows with the text, not with its square', () => {
    const hostile = ['eyJ'.repeat(60_000), '://a:'.repeat(40_000), 'Bearer '.repeat(40_000)].join('\n');
    const startedAt = performance.now();

    redact(hostile);

    expect(performance.now() - startedAt).toBeLessThan(3000);
  });
});

describe('escapeControl', () => {
  it('shows what would move the cursor or reorder text', () => {
    expect(escapeControl('\u001B[31mred\u001B[0m\rforged \u202Egnp.exe \u009B2J \u0000\u007F')).toBe(
      String.raw`\x1b[31mred\x1b[0m\rforged \u202egnp.exe \x9b2J \x00\x7f`,
    );
  });

  it('keeps line feeds, and turns CR LF and tabs into harmless white space', () => {
    expect(escapeControl('a\r\nb\n\tc')).toBe('a\nb\n  c');
  });

  it('leaves no control character in any text, and changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff })), (codes) => {
        const text = String.fromCodePoint(...codes);
        const shown = escapeControl(text);
        // eslint-disable-next-line no-control-regex -- these are what it is about
        expect(shown).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/);
        expect(escapeControl(shown)).toBe(shown);
      }),
    );
  });

  it('keeps letters of all scripts and emoji', () => {
    const text = 'Grüße, 日本語, עברית, عربى, 👩‍🚀';

    expect(escapeControl(text)).toBe(text);
  });
});

describe('mapTexts', () => {
  it('maps values, and keys that are no field names, and turns what JSON does not have into null', () => {
    const value = { 'a-b': 'x', list: ['x', undefined], none: undefined, x: 1n, at: new Date(0) };

    expect(mapTexts<unknown>(value, (text) => text.toUpperCase())).toEqual({
      'A-B': 'X',
      list: ['X', null],
      none: null,
      x: '1',
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  it('ends where a value contains itself', () => {
    const value: { self?: unknown } = {};
    value.self = value;

    expect(mapTexts<unknown>(value, (text) => text)).toEqual({ self: '[circular]' });
  });

  it('keeps a hostile key a key', () => {
    const shown = mapTexts<unknown>(JSON.parse('{"__proto__":{"polluted":true}}'), (text) => text);

    expect(JSON.stringify(shown)).toBe('{"__proto__":{"polluted":true}}');
    expect({}).not.toHaveProperty('polluted');
  });
});
