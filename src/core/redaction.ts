/** Replaces what is secret in a text by `***`. */
export type Redactor = (text: string) => string;

/** Secrets shorter than this many characters are ignored: masking them would eat ordinary words. */
export const minimumSecretLength = 6;

const mask = '***';

/** A piece of text that gives a secret away. An `encoded` one is masked together with the base64 characters that touch it. */
interface Needle {
  readonly text: string;
  readonly encoded: boolean;
}

/** Needles by their first `minimumSecretLength` characters. */
type NeedleIndex = ReadonlyMap<string, readonly Needle[]>;

/**
 * Returns a function that masks these secrets in any text, in clear and in their base64 (also twice), base64url, URL-encoded,
 * form-encoded and JSON-escaped forms; passwords inside URLs; and known token shapes (Supabase, Vercel, Clerk, GitHub, Slack,
 * AWS, JWT, `Bearer …`). Works on whole texts: feed it lines, not chunks.
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const index = indexNeedles(secrets);
  return (text) => maskShapes(index.size === 0 ? text : maskNeedles(text, index));
}

function indexNeedles(secrets: Iterable<string>): NeedleIndex {
  const needles = new Map<string, Needle>();
  for (const secret of secrets) {
    if (secret.length < minimumSecretLength || /^\**$/.test(secret)) continue;
    for (const needle of needlesOf(secret)) if (needle.text.length >= minimumSecretLength) needles.set(needle.text, needle);
  }
  const index = new Map<string, Needle[]>();
  for (const needle of needles.values()) {
    const start = needle.text.slice(0, minimumSecretLength);
    index.set(start, [...(index.get(start) ?? []), needle]);
  }
  return index;
}

function needlesOf(secret: string): Needle[] {
  const plain = [secret, ...linesOf(secret)];
  const encoded = base64Forms(bytesOf(secret));
  return [
    ...plain.flatMap(escapedForms).map((text) => ({ text, encoded: false })),
    ...encoded.map((text) => ({ text, encoded: true })),
    ...encoded.flatMap((text) => base64Forms(bytesOf(text))).map((text) => ({ text, encoded: true })),
  ];
}

/** The lines of a secret of several lines (a key file): output is often cut at line ends. */
function linesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/);
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= 16);
}

function escapedForms(text: string): string[] {
  const wellFormed = text.replaceAll(/\p{Surrogate}/gu, '\uFFFD');
  const url = encodeURIComponent(wellFormed);
  const strict = url.replaceAll(/[!'()*]/g, (char) => percent(char));
  const json = JSON.stringify(text).slice(1, -1);
  const jsonAscii = json.replaceAll(/[\u007F-\uFFFF]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [
    text,
    ...[url, strict, strict.replaceAll('%20', '+')].flatMap((form) => [form, form.replaceAll(/%../g, (code) => code.toLowerCase())]),
    ...[json, jsonAscii].flatMap((form) => [form, form.replaceAll('/', String.raw`\/`), JSON.stringify(form).slice(1, -1)]),
  ];
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The base64 characters that these bytes alone decide, at each of the three places where they may begin inside longer bytes. */
function base64Forms(bytes: Uint8Array): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const binary = '\0'.repeat(offset) + Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    const core = btoa(binary).slice(Math.ceil((offset * 8) / 6), Math.floor((binary.length * 8) / 6));
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** Masks the union of all places where a needle lies, so that secrets that overlap leave nothing behind. Linear in the text. */
function maskNeedles(text: string, index: NeedleIndex): string {
  const firstUnits = new Set([...index.keys()].map((start) => start.charCodeAt(0)));
  const parts: string[] = [];
  let keptTo = 0;
  let maskFrom = -1;
  let maskTo = -1;
  for (let at = 0; at + minimumSecretLength <= text.length; at += 1) {
    if (!firstUnits.has(text.charCodeAt(at))) continue;
    for (const needle of index.get(text.slice(at, at + minimumSecretLength)) ?? []) {
      if (!text.startsWith(needle.text, at)) continue;
      const [from, to] = needle.encoded ? widen(text, at, at + needle.text.length) : [at, at + needle.text.length];
      if (from > maskTo) {
        if (maskTo >= 0) parts.push(text.slice(keptTo, maskFrom), mask);
        keptTo = Math.max(maskTo, 0);
        maskFrom = from;
      }
      maskFrom = Math.min(maskFrom, from);
      maskTo = Math.max(maskTo, to);
    }
  }
  if (maskTo < 0) return text;
  return [...parts, text.slice(keptTo, maskFrom), mask, text.slice(maskTo)].join('');
}

/** The base64 characters beside a core carry some of the secret's bits, too. */
function widen(text: string, from: number, to: number): readonly [number, number] {
  const before = /[\w+/-]/.test(text.charAt(from - 1)) ? from - 1 : from;
  const after = /^[\w+/-]?={0,2}/.exec(text.slice(to, to + 3))?.[0].length ?? 0;
  return [before, to + after];
}

/** Shapes that are secret whatever their value. Quantifiers are bounded, so that no text makes the search slow. */
const shapes: readonly { readonly shape: RegExp; readonly kept: string }[] = [
  { shape: /(:\/\/[^\s:/@?#"'<>]{0,256}):[^\s/?#"'<>]{1,1024}@/g, kept: `$1:${mask}@` },
  { shape: /\beyJ[\w-]{8,512}\.[\w-]{8,8192}(?:\.[\w-]{0,2048})?/g, kept: mask },
  { shape: /(?<=%20)eyJ[\w-]{8,512}\.[\w-]{8,8192}(?:\.[\w-]{0,2048})?/g, kept: mask },
  { shape: /\b(Bearer|Basic)((?:\s|%20)+)[\w.~+/=-]{6,8192}/gi, kept: `$1$2${mask}` },
  { shape: /\bsbp_[\w-]{16,512}/g, kept: mask },
  { shape: /\bsb_secret_[\w-]{6,512}/g, kept: mask },
  { shape: /\bjvlocal_[\w-]{6,512}/g, kept: mask },
  { shape: /\bvc[pirak]_[\w-]{20,512}/g, kept: mask },
  { shape: /\bsk_(?:live|test)_[\w-]{8,512}/g, kept: mask },
  { shape: /\b(?:gh[pousr]_\w{20,512}|github_pat_\w{20,512})/g, kept: mask },
  { shape: /\bxox[abeoprs]-[\w-]{10,512}/g, kept: mask },
  { shape: /\bAKIA[A-Z\d]{16}\b/g, kept: mask },
  {
    shape: /([?&](?:access_token|apikey|api_key|password|refresh_token|secret|token|x-vercel-protection-bypass)=)[^&\s#"'<>]{1,4096}/gi,
    kept: `$1${mask}`,
  },
];

function maskShapes(text: string): string {
  return shapes.reduce((masked, { shape, kept }) => masked.replaceAll(shape, kept), text);
}

/** C0 (but line feed), DEL, C1, zero-width and bidi characters, line separators, tag characters, halves of surrogate pairs. */
const hidden =
  // eslint-disable-next-line no-control-regex -- these are what it is about
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]|\p{Surrogate}/gu;

/**
 * Makes control characters visible (`\x1b`, `\r`, `\u202e`), so that data from elsewhere cannot move the cursor, forge lines or
 * reorder text. Keeps line feeds; a CR LF becomes one, a tab becomes two spaces.
 */
export function escapeControl(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', '  ')
    .replaceAll(hidden, (char) => visible(char));
}

function visible(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (char === '\r') return String.raw`\r`;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * Returns a copy of JSON-like data with every text (values, and keys that are not plain camelCase words) put through `map`; `undefined` becomes null, a value that
 * contains itself `"[circular]"`. Numbers, booleans and null stay as they are.
 */
export function mapTexts<T>(value: T, map: (text: string) => string): T;
/** Does it for any value; the signature above says that the shape stays. */
export function mapTexts(value: unknown, map: (text: string) => string): unknown {
  return mapped(value, map, []);
}

/** Names of our own fields: a secret that is an ordinary word ("postgres") must not break the shape of the data. */
const structural = /^[a-z]{1,16}(?:[A-Z][a-z]{0,15}){0,4}$/;

function mapped(value: unknown, map: (text: string) => string, above: readonly object[]): unknown {
  if (typeof value === 'string') return map(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return null;
  if (above.includes(value)) return '[circular]';
  const path = [...above, value];
  if (Array.isArray(value)) return value.map((item: unknown) => mapped(item, map, path));
  if ('toJSON' in value && typeof value.toJSON === 'function') return mapped(value.toJSON(), map, path);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [structural.test(key) ? key : map(key), mapped(item, map, path)]));
}
