/** What the judges look at in an HTML document. */
export interface HtmlDocument {
  /** Text of `<title>`, white space collapsed; empty when there is none. */
  readonly title: string;
  /** Text of the first `<h1>`; empty when there is none. */
  readonly heading: string;
  /** Text outside tags, scripts and styles, entities of the five kinds decoded. */
  readonly text: string;
  /** Addresses of the scripts that the document loads, as written there. */
  readonly scripts: readonly string[];
  /** True when there is a script, loaded or inline: the page may draw itself. */
  readonly hasScript: boolean;
  /** True when there is a field for a password. */
  readonly hasPasswordField: boolean;
}

const rawTextTags = new Set(['script', 'style', 'noscript', 'template', 'title']);
/** Tags that are more than text around them. */
const readTags = new Set([...rawTextTags, 'input', 'link']);
/** A longer tag is cut: only its first attributes are read. */
const maxTagLength = 4096;

/** Reads a document in one pass, in time linear in its length whatever it holds. */
export function readHtml(source: string): HtmlDocument {
  const lower = source.toLowerCase();
  const text: string[] = [];
  const scripts: string[] = [];
  let title = '';
  let heading: { readonly from: number; text: string | undefined } | undefined;
  let hasScript = false;
  let hasPasswordField = false;
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf('<', at);
    if (open === -1) break;
    text.push(source.slice(at, open));
    const end = tagEnd(lower, open);
    const name = /^<\/?([a-z][a-z0-9]*)/.exec(lower.slice(open, open + 32))?.[1] ?? '';
    const closing = lower.startsWith('</', open);
    at = end;
    if (name === 'h1' && !closing) heading ??= { from: text.length, text: undefined };
    if (name === 'h1' && closing && heading !== undefined) heading.text ??= tidy(text.slice(heading.from).join(' '));
    if (closing || !readTags.has(name)) continue;
    const attributes = attributesOf(source.slice(open, Math.min(end, open + maxTagLength)));
    if (name === 'input' && attributes.get('type')?.toLowerCase() === 'password') hasPasswordField = true;
    if (name === 'script') hasScript = true;
    const script = scriptAddress(name, attributes);
    if (script !== undefined) scripts.push(script);
    if (rawTextTags.has(name)) {
      const close = lower.indexOf(`</${name}`, end);
      const inner = source.slice(end, close === -1 ? source.length : close);
      if (name === 'title' && title === '') title = tidy(inner);
      at = close === -1 ? source.length : close;
    }
  }
  if (at < source.length) text.push(source.slice(at));
  return { title, heading: heading?.text ?? '', text: tidy(text.join(' ')), scripts: [...new Set(scripts)], hasScript, hasPasswordField };
}

/** Returns true when a body looks like HTML, whatever its content type says. */
export function looksLikeHtml(body: string): boolean {
  return /^\uFEFF?\s*<(?:!doctype\s+html|html|head|body|!--)/i.test(body.slice(0, 512));
}

function tagEnd(lower: string, open: number): number {
  const comment = lower.startsWith('<!--', open);
  const end = lower.indexOf(comment ? '-->' : '>', open + 1);
  return end === -1 ? lower.length : end + (comment ? 3 : 1);
}

function scriptAddress(name: string, attributes: ReadonlyMap<string, string>): string | undefined {
  if (name === 'script') return attributes.get('src');
  if (name !== 'link') return undefined;
  const rel = attributes.get('rel')?.toLowerCase();
  const preloadsScript = rel === 'modulepreload' || (rel === 'preload' && attributes.get('as')?.toLowerCase() === 'script');
  return preloadsScript ? attributes.get('href') : undefined;
}

function attributesOf(tag: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', double, single, bare] of tag.matchAll(/([a-z-]{1,32})\s?=\s?(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi)) {
    attributes.set(name.toLowerCase(), decode(double ?? single ?? bare ?? ''));
  }
  return attributes;
}

function tidy(text: string): string {
  return decode(text).replaceAll(/\s+/g, ' ').trim();
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'", nbsp: ' ' };

function decode(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39|#x27|nbsp);/gi, (whole, name: string) => entities[name.toLowerCase()] ?? whole);
}
